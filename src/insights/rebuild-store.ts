/**
 * Fills the figures anew from the journal: after a change of what they mean, of the shop's zone, or of nothing at all, to
 * prove that they are what the events say. The old ones answer until the new ones take their place, in one short commit;
 * no transaction is long, since a long one would hold every reader of the journal back.
 */
import type { JournalReader } from '../platform/bus/journal.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import { rerunAborted, type Work } from '../platform/store/work.ts'
import { insightReaction, reactionName } from './reactions.ts'
import { InsightStore } from './store.ts'

export type Rebuilt = Readonly<{ events: number; position: number }>

/** Larger than a live reaction's: nobody waits for these rows. */
const batchMax = 1_000
/** So close behind the live reaction that the rest fits into the commit that swaps the schemas. */
const nearMax = 500
const tables = ['orders', 'figures', 'durations', 'promotions', 'stock'] as const
/** Any number that nobody else uses: two rebuilds at once would fill one shadow twice. */
const advisoryLock = 5_248_209_342

export const rebuild = async (database: Database, journal: JournalReader, zone: string): Promise<Rebuilt> => {
  const client = await database.client()
  try {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [advisoryLock])
    if (rows[0]?.locked !== true) throw new Error('the figures are being rebuilt already')
    // What a rebuild that was killed left behind is started over.
    await client.query('drop schema if exists insights_rebuild cascade')
    await client.query('drop schema if exists insights_replaced cascade')
    await client.query('create schema insights_rebuild')
    for (const table of tables) await client.query(`create table insights_rebuild.${table} (like insights.${table} including all)`)
    const rebuilt = await replay(database, journal, zone)
    await client.query('drop schema insights_replaced cascade')
    return rebuilt
  } finally {
    await client.end()
  }
}

const replay = async (database: Database, journal: JournalReader, zone: string): Promise<Rebuilt> => {
  const reaction = insightReaction(new InsightStore(database, 'insights_rebuild'), zone)
  const count: Count = async (work, after, upTo) => {
    const envelopes = await journal.read(after, upTo, reaction.on, batchMax)
    for (const answer of await reaction.react(work, envelopes)) {
      if (answer !== 'done') throw new Error(`the journal cannot be counted again: ${answer.notYet}`)
    }
    // The next batch reads what this one remembers.
    await sql(work).flush()
    const last = envelopes.length < batchMax ? upTo : (envelopes.at(-1)?.position ?? upTo)
    return { position: last, events: envelopes.length }
  }
  let done: Rebuilt = { position: 0, events: 0 }
  for (;;) {
    const { position } = done
    const [live] = await database.read<{ position: number }>('select position from platform.consumers where name = $1', [
      reactionName,
    ])
    const upTo = live?.position ?? 0
    if (upTo - position <= nearMax) break
    const next = await rerunAborted(() => database.batch((work) => count(work, position, upTo)))
    done = { position: next.position, events: done.events + next.events }
  }
  const before = done
  return rerunAborted(() => database.batch((work) => takeOver(work, before, count)))
}

/** Counts the journal's events of a span, one batch at most, and says how far it came. */
type Count = (work: Work, after: number, upTo: number) => Promise<Rebuilt>

/** The live reaction is kept off by its position row; the last events are counted, and the schemas change places. */
const takeOver = async (work: Work, before: Rebuilt, count: Count): Promise<Rebuilt> => {
  const run = (name: string, text: string, values: readonly unknown[] = []) =>
    sql(work).query<{ position: number }>({ name: `insights_${name}`, text }, values)
  const [live] = await run('rebuild_own', 'select position from platform.consumers where name = $1 for update', [reactionName])
  const upTo = live?.position ?? 0
  let done = before
  while (done.position < upTo) {
    const next = await count(work, done.position, upTo)
    done = { position: next.position, events: done.events + next.events }
  }
  // What was parked lies below the position and is counted now; handled later it would count twice.
  await run('rebuild_unpark', 'delete from platform.parked where consumer = $1 and position <= $2', [reactionName, upTo])
  await run('rebuild_retire', 'alter schema insights rename to insights_replaced')
  await run('rebuild_replace', 'alter schema insights_rebuild rename to insights')
  // Counted by a reaction of its own, which goes on where it stands.
  await run('rebuild_keep', 'alter table insights_replaced.lateness set schema insights')
  // Asked for, not counted: nothing in the journal would bring them back.
  await run('rebuild_keep_asked', 'alter table insights_replaced.simulations set schema insights')
  return done
}
