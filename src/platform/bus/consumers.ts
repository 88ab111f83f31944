/**
 * Carries events to reactions: in order per stream, at least once, with the position saved in the same transaction as the
 * effect, so that the effect happens once. What cannot be handled is parked for its key alone, tried again, and in the
 * end kept as a dead letter that people see and can replay.
 */
import type { Envelope } from '../../kernel/event.ts'
import type { Logger } from '../log.ts'
import { type Database, sql } from '../postgres/database.ts'
import { OutcomeUnknown, rerunAborted, type Work } from '../store/work.ts'
import type { JournalReader } from './journal.ts'

/** `not_yet`: earlier news is missing; the event is parked and tried again. */
export type Handled = 'done' | Readonly<{ notYet: string }>

export type Reaction = Readonly<{
  /** Its place in the position table: never renamed while a database remembers it. */
  name: string
  on: readonly string[]
  /** What order matters for: the stream unless said otherwise. */
  key?: (envelope: Envelope) => string
  /** Adds its effects to the batch. One answer an envelope, in order. */
  react: (work: Work, envelopes: readonly Envelope[]) => Promise<readonly Handled[]>
}>

/** A reaction's batch: large enough to share its statements, small enough to keep its locks short. */
const batchMax = 200
/** Parked events are tried this often, waiting 1, 2, 4 … seconds: about four minutes in all, then they are dead letters. */
const attemptsMax = 8
/** Where no signal comes (another process wrote), the journal is looked at this often. */
const pollMs = 250
/** The stored position follows a quiet reaction's scan in steps, to save writes. */
const quietStep = 2_000

type ParkedRow = { position: number; key: string; attempts: number }

export class Consumers {
  readonly #database: Database
  readonly #journal: JournalReader
  readonly #log: Logger
  readonly #reactions: readonly Reaction[]
  /** What this process has scanned for each reaction; never behind the stored position for long. */
  readonly #scanned = new Map<string, number>()
  #wakeUp: (() => void) | undefined
  #awake = false
  #stopped = false
  #running: Promise<void> | undefined

  constructor(database: Database, journal: JournalReader, reactions: readonly Reaction[], log: Logger) {
    this.#database = database
    this.#journal = journal
    this.#reactions = reactions
    this.#log = log
  }

  async start(): Promise<void> {
    const names = this.#reactions.map(({ name }) => name)
    if (new Set(names).size !== names.length) throw new Error('two reactions share a name')
    const client = await this.#database.client()
    try {
      await client.query('insert into platform.consumers (name) select unnest($1::text[]) on conflict do nothing', [names])
    } finally {
      await client.end()
    }
    this.#running = this.#run()
  }

  /** Something was committed: look now. */
  wake(): void {
    this.#awake = true
    this.#wakeUp?.()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.wake()
    await this.#running
  }

  /** Whether every reaction, here or in another process, has passed everything it wants. Parked events do not count. */
  async caughtUp(): Promise<boolean> {
    const pairs = this.#reactions.flatMap(({ name, on }) => on.map((type) => ({ name, type })))
    const [row] = await this.#database.read<{ behind: boolean }>(
      `select exists (select 1 from unnest($1::text[], $2::text[]) as r (name, type) join platform.consumers c on c.name = r.name
         where exists (select 1 from platform.journal j where j.position > c.position and j.type = r.type)) as behind`,
      [pairs.map(({ name }) => name), pairs.map(({ type }) => type)],
    )
    return row?.behind !== true
  }

  /** Handles everything there is now, and what comes of it, until nothing is left: for tests and for the demo's end. */
  async settle(): Promise<void> {
    // A reaction whose position another loop holds answers "nothing done" here: only the positions say that all is done.
    for (;;) if (!(await this.#round()) && !this.#journal.behind && (await this.caughtUp())) return
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#awake = false
      let busy = false
      try {
        busy = await this.#round()
      } catch (fault) {
        // The database is away or a commit was doubtful: positions are stored with effects, so trying again is safe.
        this.#log.warn({ fault }, 'reactions pause')
      }
      if (!busy && !this.#awake && !this.#stopped) await this.#sleep(this.#journal.behind ? 2 : pollMs)
    }
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  /** @returns whether any reaction handled anything. */
  async #round(): Promise<boolean> {
    const horizon = await this.#journal.horizon()
    const worked = await Promise.all(this.#reactions.map((reaction) => this.#advance(reaction, horizon)))
    const retried = await this.#retryParked()
    return retried || worked.includes(true)
  }

  async #advance(reaction: Reaction, horizon: number): Promise<boolean> {
    if ((this.#scanned.get(reaction.name) ?? -1) >= horizon) return false
    try {
      return await rerunAborted(() => this.#handle(reaction, horizon, batchMax))
    } catch (fault) {
      if (fault instanceof OutcomeUnknown) throw fault
      if (fault instanceof OutOfTurn) return rerunAborted(() => this.#handle(reaction, horizon, fault.upTo, fault))
      this.#log.warn({ fault, reaction: reaction.name }, 'a reaction failed; its events are taken one by one')
      return this.#handle(reaction, horizon, 1, fault)
    }
  }

  /** One batch of one reaction: own the position, read, react, park what could not be done, move the position. */
  async #handle(reaction: Reaction, horizon: number, limit: number, brokenBy?: unknown): Promise<boolean> {
    let scannedTo: number | undefined
    const worked = await this.#database.batch(async (work) => {
      const stored = await this.#own(work, reaction)
      if (stored === undefined) return false
      const after = Math.max(stored, Math.min(this.#scanned.get(reaction.name) ?? stored, horizon))
      const envelopes = await this.#journal.read(after, horizon, reaction.on, limit)
      const last = envelopes.length < limit ? horizon : (envelopes.at(-1)?.position ?? horizon)
      scannedTo = last
      if (envelopes.length === 0) {
        if (last - stored > quietStep) await this.#move(work, reaction, last)
        return false
      }
      const single = limit === 1 ? await this.#tryAlone(work, reaction, envelopes, brokenBy) : undefined
      if (single === undefined) await this.#reactAndPark(work, reaction, envelopes)
      await this.#move(work, reaction, last)
      return true
    })
    if (scannedTo !== undefined) this.#scanned.set(reaction.name, scannedTo)
    return worked
  }

  /** The event that broke its batch is tried once more by itself, in a savepoint; if it fails again it is parked. */
  async #tryAlone(work: Work, reaction: Reaction, envelopes: readonly Envelope[], brokenBy: unknown): Promise<'done'> {
    const pg = sql(work)
    const before = pg.writes.length
    await pg.query({ name: 'savepoint_event', text: 'savepoint event' }, [])
    try {
      await this.#reactAndPark(work, reaction, envelopes)
      await pg.flush()
    } catch (fault) {
      await pg.query({ name: 'rollback_event', text: 'rollback to savepoint event' }, [])
      pg.writes.length = before
      await this.#park(work, reaction, envelopes, `failed: ${String(fault)} (${String(brokenBy)})`)
    }
    return 'done'
  }

  async #reactAndPark(work: Work, reaction: Reaction, envelopes: readonly Envelope[]): Promise<void> {
    const keyOf = reaction.key ?? (({ stream }: Envelope) => stream)
    const blocked = await this.#blockedKeys(work, reaction, envelopes.map(keyOf))
    const free = envelopes.filter((envelope) => !blocked.has(keyOf(envelope)))
    const behind = envelopes.filter((envelope) => blocked.has(keyOf(envelope)))
    const handled = free.length === 0 ? [] : await reaction.react(work, free)
    const waits = (index: number): boolean => handled[index] !== 'done' && handled[index] !== undefined
    const waiting = free.filter((_, index) => waits(index))
    const waitingKeys = new Set<string>()
    for (const [index, envelope] of free.entries()) {
      if (waits(index)) waitingKeys.add(keyOf(envelope))
      // The first must be parked before the second is looked at: the batch is taken again, up to and without the second.
      else if (waitingKeys.has(keyOf(envelope))) throw new OutOfTurn(envelopes.indexOf(envelope))
    }
    if (waiting.length > 0) await this.#park(work, reaction, waiting, reasonOf(handled))
    if (behind.length > 0) await this.#park(work, reaction, behind, 'an earlier event of its key waits')
  }

  async #own(work: Work, reaction: Reaction): Promise<number | undefined> {
    const statement = {
      name: 'consumer_own',
      text: 'select position from platform.consumers where name = $1 for update skip locked',
    }
    const [row] = await sql(work).query<{ position: number }>(statement, [reaction.name])
    return row?.position
  }

  async #move(work: Work, reaction: Reaction, position: number): Promise<void> {
    await sql(work).query({ name: 'consumer_move', text: 'update platform.consumers set position = $2 where name = $1' }, [
      reaction.name,
      position,
    ])
  }

  async #blockedKeys(work: Work, reaction: Reaction, keys: readonly string[]): Promise<ReadonlySet<string>> {
    const statement = {
      name: 'consumer_blocked',
      text: 'select distinct key from platform.parked where consumer = $1 and key = any($2::text[])',
    }
    const rows = await sql(work).query<{ key: string }>(statement, [reaction.name, [...new Set(keys)]])
    return new Set(rows.map(({ key }) => key))
  }

  async #park(work: Work, reaction: Reaction, envelopes: readonly Envelope[], reason: string): Promise<void> {
    const keyOf = reaction.key ?? (({ stream }: Envelope) => stream)
    await sql(work).query(
      {
        name: 'consumer_park',
        text: `insert into platform.parked (consumer, position, key, reason, due_at)
          select $1, p, k, $4, now() + interval '1 second' from unnest($2::bigint[], $3::text[]) as t (p, k)
          on conflict (consumer, position) do update set attempts = parked.attempts + 1, reason = excluded.reason,
            due_at = now() + least(60, 2 ^ parked.attempts) * interval '1 second', dead = parked.attempts + 1 >= ${attemptsMax}`,
      },
      [reaction.name, envelopes.map(({ position }) => position), envelopes.map(keyOf), reason],
    )
  }

  /** The first parked event of each key that is due, one batch a reaction. */
  async #retryParked(): Promise<boolean> {
    const due = await this.#database.read<{ consumer: string }>(
      'select distinct consumer from platform.parked where not dead and due_at <= now()',
      [],
      'parked_due',
    )
    let worked = false
    for (const { consumer } of due) {
      const reaction = this.#reactions.find(({ name }) => name === consumer)
      if (reaction !== undefined) worked = (await rerunAborted(() => this.#retry(reaction))) || worked
    }
    return worked
  }

  #retry(reaction: Reaction): Promise<boolean> {
    return this.#database.batch(async (work) => {
      if ((await this.#own(work, reaction)) === undefined) return false
      const rows = await sql(work).query<ParkedRow>(
        {
          name: 'parked_first',
          text: `select position, key, attempts from platform.parked p where consumer = $1 and not dead and due_at <= now()
            and not exists (select 1 from platform.parked e where e.consumer = p.consumer and e.key = p.key and e.position < p.position)
            order by position limit ${batchMax}`,
        },
        [reaction.name],
      )
      for (const { position } of rows) {
        const envelopes = await this.#journal.read(position - 1, position, reaction.on, 1)
        await this.#retryOne(work, reaction, envelopes, position)
      }
      return rows.length > 0
    })
  }

  async #retryOne(work: Work, reaction: Reaction, envelopes: readonly Envelope[], position: number): Promise<void> {
    const pg = sql(work)
    const before = pg.writes.length
    await pg.query({ name: 'savepoint_event', text: 'savepoint event' }, [])
    try {
      const [handled] = await reaction.react(work, envelopes)
      await pg.flush()
      if (handled === 'done' || handled === undefined) {
        await pg.query({ name: 'parked_done', text: 'delete from platform.parked where consumer = $1 and position = $2' }, [
          reaction.name,
          position,
        ])
        return
      }
      await this.#park(work, reaction, envelopes, handled.notYet)
    } catch (fault) {
      await pg.query({ name: 'rollback_event', text: 'rollback to savepoint event' }, [])
      pg.writes.length = before
      await this.#park(work, reaction, envelopes, `failed: ${String(fault)}`)
    }
  }
}

/** An event was handled though an earlier one of its key waits: nothing of the batch may be saved. */
class OutOfTurn extends Error {
  /** So many events of the batch are in turn. */
  readonly upTo: number
  constructor(upTo: number) {
    super('an event would have passed an earlier one of its key')
    this.upTo = upTo
  }
}

const reasonOf = (handled: readonly Handled[]): string => {
  for (const answer of handled) if (answer !== 'done') return answer.notYet
  return 'not yet'
}
