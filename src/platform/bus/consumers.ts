/**
 * Carries events to reactions: in order per stream, at least once, with the position saved in the same transaction as the
 * effect, so that the effect happens once. What cannot be handled is parked for its key alone, tried again, and in the
 * end kept as a dead letter that people see and can replay.
 */
import type { Envelope } from '../../kernel/event.ts'
import { later, nowMs } from '../../kernel/timers.ts'
import type { Logger } from '../log.ts'
import { settleEach } from '../store/settle.ts'
import { Fault, OutcomeUnknown, rerunAborted, type Work } from '../store/work.ts'
import type { Journal } from './journal.ts'
import { type Demand, Pace } from '../pace.ts'
import type { Positions } from './positions.ts'
import { JournalWindow } from './window.ts'

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
const batchMax = 250
/**
 * Reactions at work at once: while some wait for their commit others decide, and more only keep callers waiting. One where
 * callers are about and nothing piles up: each has a process of PostgreSQL, and four of them kept a caller's own statement
 * waiting for its turn.
 */
const atOnce = { most: 4, besideCallers: 1 } as const
/** Where no signal comes (another process wrote), the journal is looked at this often. */
const pollMs = 250
/** Parked events wait seconds: looking for them this often is soon enough. */
const parkedEveryMs = 250
/** The stored position follows a quiet reaction's scan in steps, to save writes. */
const quietStep = 2_000

type Following = {
  readonly reaction: Reaction
  readonly types: ReadonlySet<string>
  readonly keyOf: (envelope: Envelope) => string
  /** What this process has scanned; never behind the stored position for long. */
  scanned: number
  /** The stored position, as last heard. */
  stored: number
  /** What broke its last batch: the first event of it is tried alone. */
  brokenBy?: unknown
}

export class Consumers {
  readonly #positions: Positions
  readonly #journal: Journal
  readonly #log: Logger
  readonly #window: JournalWindow
  readonly #following: readonly Following[]
  readonly #pace: Pace
  /** After a fault another database may answer, one that lacks what was read and done last: positions and events are read anew. */
  #isDoubtful = false
  #parkedAt = Number.NEGATIVE_INFINITY
  /** The round that is under way, or the last one. */
  #last: Promise<unknown> = Promise.resolve()
  #wakeUp: (() => void) | undefined
  #awake = false
  #stopped = false
  #running: Promise<void> | undefined

  constructor(
    positions: Positions,
    journal: Journal,
    reactions: readonly Reaction[],
    log: Logger,
    /** Reactions make room for those who wait for an answer. */
    demand: Demand = {},
  ) {
    this.#positions = positions
    this.#journal = journal
    this.#log = log
    this.#pace = new Pace(demand)
    this.#window = new JournalWindow(
      journal,
      reactions.flatMap(({ on }) => on),
    )
    this.#following = reactions.map((reaction) => ({
      reaction,
      types: new Set(reaction.on),
      keyOf: reaction.key ?? (({ stream }) => stream),
      scanned: 0,
      stored: 0,
    }))
  }

  async start(): Promise<void> {
    const names = this.#following.map(({ reaction }) => reaction.name)
    if (new Set(names).size !== names.length) throw new Error('two reactions share a name')
    await this.#positions.know(names)
    await this.#recall()
    this.#running = this.#run()
  }

  /** Begins where the stored positions are, and remembers nothing else. */
  async #recall(): Promise<void> {
    const positions = await this.#positions.all()
    for (const one of this.#following) one.scanned = one.stored = positions.get(one.reaction.name) ?? 0
    this.#journal.forget()
    // Where the foremost stands, so that a shop's whole history is never walked through for all.
    this.#window.startAt(Math.max(0, ...this.#following.map(({ stored }) => stored)))
    this.#isDoubtful = false
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
    const wanted = this.#following.flatMap(({ reaction: { name, on } }) => on.map((type) => ({ name, type })))
    return !(await this.#positions.isBehind(wanted))
  }

  /** Handles everything there is now, and what comes of it, until nothing is left: for tests and for the demo's end. */
  async settle(): Promise<void> {
    // A reaction whose position another loop holds answers "nothing done" here: only the positions say that all is done.
    for (;;) {
      this.#parkedAt = Number.NEGATIVE_INFINITY
      if (!(await this.#round()) && !this.#journal.behind && (await this.caughtUp())) return
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#awake = false
      let busy = false
      const from = this.#window.to
      try {
        busy = await this.#round()
      } catch (fault) {
        // The database is away or a commit was doubtful: positions are stored with effects, so trying again is safe.
        this.#log.warn({ fault }, 'reactions pause')
      }
      if (busy) await this.#pace.gather(this.#window.to - from, () => this.#stopped)
      else if (!this.#awake && !this.#stopped) await this.#sleep(this.#journal.behind ? 2 : pollMs)
    }
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const callOff = later(ms, resolve)
      this.#wakeUp = () => {
        callOff()
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  /**
   * One at a time, whoever asks (`settle` beside the loop): rounds share what was read of the journal, and two that read on
   * together would keep its events twice. @returns whether any reaction handled anything.
   */
  #round(): Promise<boolean> {
    const round = this.#last.then(() => this.#advanced())
    // A fault is heard by whoever asked for that round.
    this.#last = round.catch(() => undefined)
    return round
  }

  async #advanced(): Promise<boolean> {
    try {
      if (this.#isDoubtful) await this.#recall()
      return await this.#advanceAll()
    } catch (fault) {
      this.#isDoubtful = true
      throw fault
    }
  }

  async #advanceAll(): Promise<boolean> {
    const horizon = await this.#journal.horizon()
    const upTo = await this.#window.extend(horizon)
    const hands = upTo >= horizon && this.#pace.hasCallers() ? atOnce.besideCallers : atOnce.most
    const all = await settleEach(this.#following, hands, (one) => this.#advanceTo(one, upTo))
    const worked = all.map((one) => {
      if (one instanceof Fault) throw one.cause
      return one
    })
    this.#window.release(Math.min(...this.#following.map(({ scanned }) => scanned)))
    await this.#moveQuiet()
    const retried = await this.#retryParked()
    return retried || worked.includes(true)
  }

  /** Batch after batch, so that the window is read on only when nobody needs what leaves it. */
  async #advanceTo(one: Following, upTo: number): Promise<boolean> {
    let worked = false
    while (!this.#stopped && !this.#isDoubtful) {
      const began = nowMs()
      try {
        if (!(await this.#advance(one, upTo))) return worked
      } catch (fault) {
        // Nobody else goes on with what was read before it.
        this.#isDoubtful = true
        throw fault
      }
      worked = true
      await this.#pace.makeRoom(nowMs() - began, () => this.#stopped)
    }
    return worked
  }

  async #advance(one: Following, upTo: number): Promise<boolean> {
    if (one.scanned >= upTo) return false
    const { brokenBy } = one
    one.brokenBy = undefined
    if (brokenBy !== undefined) return this.#handle(one, 1, brokenBy)
    try {
      return await rerunAborted(() => this.#handle(one, batchMax))
    } catch (fault) {
      if (fault instanceof OutcomeUnknown) throw fault
      if (fault instanceof OutOfTurn) return rerunAborted(() => this.#handle(one, fault.upTo, fault))
      this.#log.warn({ fault, reaction: one.reaction.name }, 'a reaction failed; its events are taken one by one')
      // Read anew first: it may be the database that failed, and another one that answers.
      one.brokenBy = fault
      this.#isDoubtful = true
      return true
    }
  }

  /** One batch of one reaction: own the position, react, park what could not be done, move the position. */
  async #handle(one: Following, limit: number, brokenBy?: unknown): Promise<boolean> {
    const { envelopes: seen, upTo } = await this.#window.take(one.scanned, one.types, limit)
    if (seen.length === 0) {
      one.scanned = upTo
      return false
    }
    let reached: number | undefined
    const worked = await this.#positions.batch(async (work) => {
      const owned = await this.#positions.own(work, one.reaction.name, seen.map(one.keyOf))
      if (owned === undefined) return false
      if (owned.position < one.stored) {
        this.#isDoubtful = true
        return true
      }
      // Another process may have come further than this one has looked.
      const envelopes = seen.filter(({ position }) => position > owned.position)
      reached = Math.max(upTo, owned.position)
      if (envelopes.length === 0) return false
      work.add(this.#positions.moved(one.reaction.name, reached))
      if (limit === 1) await this.#tryAlone(work, one, envelopes, owned.blocked, brokenBy)
      else await this.#reactAndPark(work, one, envelopes, owned.blocked)
      return true
    })
    if (reached !== undefined) one.scanned = one.stored = reached
    return worked
  }

  /** The event that broke its batch is tried once more by itself, in a savepoint; if it fails again it is parked. */
  async #tryAlone(
    work: Work,
    one: Following,
    envelopes: readonly Envelope[],
    blocked: ReadonlySet<string>,
    brokenBy: unknown,
  ): Promise<void> {
    await this.#positions.guarded(
      work,
      () => this.#reactAndPark(work, one, envelopes, blocked),
      (fault) => this.#park(work, one, envelopes, `failed: ${String(fault)} (${String(brokenBy)})`),
    )
  }

  async #reactAndPark(work: Work, one: Following, envelopes: readonly Envelope[], blocked: ReadonlySet<string>): Promise<void> {
    const free = envelopes.filter((envelope) => !blocked.has(one.keyOf(envelope)))
    const behind = envelopes.filter((envelope) => blocked.has(one.keyOf(envelope)))
    const handled = free.length === 0 ? [] : await one.reaction.react(work, free)
    const waits = (index: number): boolean => handled[index] !== 'done' && handled[index] !== undefined
    const waiting = free.filter((_, index) => waits(index))
    const waitingKeys = new Set<string>()
    for (const [index, envelope] of free.entries()) {
      if (waits(index)) waitingKeys.add(one.keyOf(envelope))
      // The first must be parked before the second is looked at: the batch is taken again, up to and without the second.
      else if (waitingKeys.has(one.keyOf(envelope))) throw new OutOfTurn(envelopes.indexOf(envelope))
    }
    if (waiting.length > 0) await this.#park(work, one, waiting, reasonOf(handled))
    if (behind.length > 0) await this.#park(work, one, behind, 'an earlier event of its key waits')
  }

  #park(work: Work, one: Following, envelopes: readonly Envelope[], reason: string): Promise<void> {
    const events = envelopes.map((envelope) => ({ position: envelope.position, key: one.keyOf(envelope) }))
    return this.#positions.park(work, one.reaction.name, events, reason)
  }

  /** Positions that only passed others' events are stored now and then, all in one statement. */
  async #moveQuiet(): Promise<void> {
    const quiet = this.#following.filter(({ scanned, stored }) => scanned - stored > quietStep)
    if (quiet.length === 0) return
    const positions = quiet.map(({ scanned }) => scanned)
    await this.#positions.moveQuiet(
      quiet.map(({ reaction }) => reaction.name),
      positions,
    )
    for (const [index, one] of quiet.entries()) one.stored = positions[index] ?? one.stored
  }

  /** The first parked event of each key that is due, one batch a reaction. */
  async #retryParked(): Promise<boolean> {
    if (nowMs() - this.#parkedAt < parkedEveryMs) return false
    this.#parkedAt = nowMs()
    let worked = false
    const names = this.#following.map(({ reaction }) => reaction.name)
    for (const name of await this.#positions.dueParked(names)) {
      const one = this.#following.find(({ reaction }) => reaction.name === name)
      if (one !== undefined) worked = (await rerunAborted(() => this.#retry(one))) || worked
    }
    return worked
  }

  #retry(one: Following): Promise<boolean> {
    return this.#positions.batch(async (work) => {
      const { name, on } = one.reaction
      if ((await this.#positions.own(work, name, [])) === undefined) return false
      const positions = await this.#positions.firstParked(work, name)
      for (const envelope of await this.#journal.readAt(positions, on)) {
        await this.#positions.guarded(
          work,
          async () => {
            const [handled = 'done'] = await one.reaction.react(work, [envelope])
            if (handled === 'done') await this.#positions.unpark(work, name, envelope.position)
            else await this.#park(work, one, [envelope], handled.notYet)
          },
          (fault) => this.#park(work, one, [envelope], `failed: ${String(fault)}`),
        )
      }
      return positions.length > 0
    })
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
