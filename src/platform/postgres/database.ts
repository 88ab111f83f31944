/**
 * The database, wrapped once: batches (lock → decide → save in one transaction), single-statement saves, and reads.
 * A commit has three outcomes: done, `Aborted` (nothing saved, may be decided again) and `OutcomeUnknown`.
 */
import pg from 'pg'
import type { Instant } from '../../kernel/ids.ts'
import { Overloaded } from '../../kernel/micro-batch.ts'
import { instant } from '../../kernel/time.ts'
import { Aborted, type Batches, OutcomeUnknown, type Work, type Write } from '../store/work.ts'
import { bound } from './arrays.ts'
import { compose, type Composed } from './compose.ts'
import { instantOf } from './instants.ts'
import { planByKey, renewPlans } from './plans.ts'

pg.types.setTypeParser(pg.types.builtins.INT8, Number)
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, instantOf)
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

export type Connection = Readonly<{ host: string; port: number; user: string; password: string; database: string }> | string

/** Connections for batches: each room has at most two on their way, most are idle; 20 is PROMISES §3's ceiling. */
const batchConnectionsMax = 12
const namedReadConnectionsMax = 4
const otherReadConnectionsMax = 4
/**
 * Behind twelve connections 512 transactions are a fraction of a second. Rooms send a batch or two at a time, so only what
 * comes one transaction a request (a new attempt to pay, a refund) can make such a queue.
 */
const batchesWaitingMax = 512
/** Reads come one or more a request, and the door lets in 2,048 a lane: twice as many wait in no healthy house. */
const readsWaitingMax = 4_096
/** After a rush connections go again: each is a process of some 5 MB. */
const idleMs = 10_000
/** A batch touches a few hundred rows by key; what takes seconds is stuck. */
const timeouts = { statement: 20_000, idleInTransaction: 10_000, lock: 2_000 }

export type Row = Record<string, unknown>
/** A named statement is prepared once a connection; what is asked once a month needs no name. */
export type Statement = Readonly<{ name?: string; text: string }>

export class PostgresWork implements Work {
  readonly now: Instant
  readonly writes: Write[] = []
  readonly #client: pg.PoolClient
  #isToConfirm = false
  constructor(client: pg.PoolClient, now: Instant) {
    this.#client = client
    this.now = now
  }
  add(...writes: readonly Write[]): void {
    this.writes.push(...writes)
  }
  /** Something that was saved before is about to be answered for: the commit must wait for its standby as that one had to. */
  confirm(): void {
    this.#isToConfirm = true
  }
  /** What was added so far, as one statement; it will not be handed out again. */
  take(): Composed | undefined {
    return compose(this.writes.splice(0).filter((write) => 'sql' in write))
  }
  /** What is saved with the commit. */
  last(): Composed | undefined {
    return this.take() ?? (this.#isToConfirm ? confirmation : undefined)
  }
  /** Saves what was added so far now, inside the transaction: where a savepoint must catch a write that cannot be saved. */
  async flush(): Promise<void> {
    const save = this.take()
    if (save !== undefined) await this.#client.query({ ...save, values: [...save.values] })
  }
  async query<R extends Row>(statement: Statement, values: readonly unknown[]): Promise<R[]> {
    const { rows } = await this.#client.query<R>({ ...statement, values: bound(statement.text, values) })
    return rows
  }
}

/** The PostgreSQL form of a batch; a store of another form was wired to this database by mistake otherwise. */
export const sql = (work: Work): PostgresWork => {
  if (!(work instanceof PostgresWork)) throw new Error('a PostgreSQL store was handed a batch of another form')
  return work
}

/**
 * A commit that wrote nothing waits for no standby: it would answer for a row that a fail-over may still lose (PROMISES §1.2).
 * The smallest thing that is written to the log makes it wait.
 */
const confirmation: Composed = { name: 'confirm', text: `select pg_logical_emit_message(true, 'waybill', '')`, values: [] }

const conflicts = new Set(['40001', '40P01', '55P03', '23505'])
const code = (fault: unknown): string => (fault instanceof Error && 'code' in fault ? String(fault.code) : '')
/**
 * Faults that PostgreSQL itself reported about the statement: then the transaction did not commit. Not so what it says as it
 * goes down (FATAL, PANIC: a full disk or a broken one may show after the commit record was written), and not what the
 * line says: `EPIPE` has five letters too.
 */
const refusedByServer = (fault: unknown): boolean => fault instanceof pg.DatabaseError && !goingDown.test(code(fault))
const goingDown = /^(?:08|53|57P|58|XX)/

const classify = (fault: unknown): unknown => {
  if (conflicts.has(code(fault))) return new Aborted('conflict', fault)
  if (code(fault) === '22012') return new Aborted('guard', fault)
  return fault
}

export class Database implements Batches {
  readonly #batches: pg.Pool
  readonly #namedReads: pg.Pool
  readonly #otherReads: pg.Pool
  readonly connection: Connection
  #closing = false
  /** What the database's clock was ahead of this process's monotonic one when last heard: only ever a hint. */
  #clockOffset = Date.now() - performance.now()
  #estimatedMs = 0
  #estimated = instant(0)

  constructor(connection: Connection, onError: (fault: Error) => void) {
    this.connection = connection
    const base: pg.PoolConfig = typeof connection === 'string' ? { connectionString: connection } : connection
    const limits = `-c statement_timeout=${timeouts.statement} -c idle_in_transaction_session_timeout=${timeouts.idleInTransaction} -c lock_timeout=${timeouts.lock}`
    // Statements that need not wait for each other's answers leave together: the saving one and its commit above all.
    const byKey = { ...base, options: `${limits} ${planByKey}`, idleTimeoutMillis: idleMs, pipeline: true }
    this.#batches = new pg.Pool({ ...byKey, max: batchConnectionsMax })
    this.#namedReads = new pg.Pool({ ...byKey, max: namedReadConnectionsMax })
    this.#otherReads = new pg.Pool({ ...base, max: otherReadConnectionsMax, options: limits, idleTimeoutMillis: idleMs })
    for (const pool of [this.#batches, this.#namedReads]) renewPlans(pool)
    for (const pool of [this.#batches, this.#namedReads, this.#otherReads]) {
      // While closing, the server may be gone before its idle connections are: nobody needs to hear of it.
      pool.on('error', (fault) => this.#closing || onError(fault))
      // A commit that was cancelled while waiting for its standby is announced as success with a warning (PROMISES §1.1).
      pool.on('connect', (client) => {
        client.on('notice', (notice) => notice.code === '01000' && doubtful.add(client))
        // A connection that is lost while in use tells whoever asks next; without a listener the loss would end the process.
        client.on('error', () => undefined)
      })
    }
  }

  /** The database's clock, as last heard plus what has passed since. Good for a hint; facts carry `Work.now`. */
  nowEstimate(): Instant {
    const ms = Math.floor(performance.now() + this.#clockOffset)
    // Many callers share a millisecond, and writing it down is what costs.
    if (ms !== this.#estimatedMs) {
      this.#estimatedMs = ms
      this.#estimated = instant(ms)
    }
    return this.#estimated
  }

  /** Asks the database for its time: orders may be dated by it before any batch did. Until then only this machine's clock is known. */
  async learnTime(): Promise<void> {
    const [row] = await this.read<{ now: Instant }>('select clock_timestamp() as now')
    if (row !== undefined) this.#clockOffset = Date.parse(row.now) - performance.now()
  }

  async batch<Result>(decide: (work: Work) => Promise<Result>): Promise<Result> {
    const client = await this.#connect()
    let broken: Error | undefined
    try {
      const began = await client.query<{ now: Instant }>('begin; select clock_timestamp() as now')
      const now = this.#heard(began)
      const work = new PostgresWork(client, now)
      let result: Result
      let save: Composed | undefined
      try {
        result = await decide(work)
        save = work.last()
      } catch (fault) {
        broken = await rollback(client)
        throw classify(fault)
      }
      await saveAndCommit(client, save)
      return result
    } catch (fault) {
      if (fault instanceof OutcomeUnknown) broken = fault
      throw fault
    } finally {
      client.release(broken)
    }
  }

  /** Saves without locking or reading first: one statement, one round trip, guarded by what the writes themselves demand. */
  async save(writes: readonly Write[]): Promise<void> {
    const save = compose(writes.filter((write) => 'sql' in write))
    if (save === undefined) return
    const client = await this.#connect()
    let broken: Error | undefined
    try {
      await client.query({ ...save, values: [...save.values] })
      if (doubtful.delete(client)) throw new OutcomeUnknown('the commit was not confirmed by its standby')
    } catch (fault) {
      if (fault instanceof OutcomeUnknown || refusedByServer(fault)) throw classify(fault)
      broken = fault instanceof Error ? fault : new Error(String(fault))
      throw new OutcomeUnknown(fault)
    } finally {
      client.release(broken)
    }
  }

  /** @param name of what is asked often and by key: prepared, and planned, once a connection. The rest is planned by its values. */
  async read<R extends Row>(text: string, values: readonly unknown[] = [], name?: string): Promise<R[]> {
    const pool = name === undefined ? this.#otherReads : this.#namedReads
    if (pool.waitingCount >= readsWaitingMax) throw new Overloaded('reads of the database')
    const { rows } = await pool.query<R>(
      name === undefined ? { text, values: [...values] } : { name, text, values: bound(text, values) },
    )
    return rows
  }

  /** A connection of its own, for listening or streaming; the caller ends it. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client(typeof this.connection === 'string' ? { connectionString: this.connection } : this.connection)
    // Whoever uses it hears of a loss by the next question; without a listener the loss would end the process.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([this.#batches.end(), this.#namedReads.end(), this.#otherReads.end()])
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#batches.waitingCount >= batchesWaitingMax) throw new Overloaded('batches of the database')
    return this.#batches.connect()
  }

  #heard(began: unknown): Instant {
    const results: unknown[] = Array.isArray(began) ? began : [began]
    const last = results.at(-1)
    if (typeof last !== 'object' || last === null || !('rows' in last) || !Array.isArray(last.rows))
      throw new Error('begin did not answer with the time')
    const now = (last.rows as { now: Instant }[])[0]?.now
    if (now === undefined) throw new Error('begin did not answer with the time')
    this.#clockOffset = Date.parse(now) - performance.now()
    return now
  }
}

const doubtful = new WeakSet<pg.ClientBase>()

/** Both leave together: when the saving statement fails, PostgreSQL turns the commit behind it into a rollback. */
const saveAndCommit = async (client: pg.PoolClient, save: Composed | undefined): Promise<void> => {
  if (save === undefined) return commit(client)
  const [saved, committed] = await Promise.allSettled([client.query({ ...save, values: [...save.values] }), commit(client)])
  // A commit that came back as a rollback says that nothing was saved, whatever the reason sounds like: a full disk, say.
  const isRolledBack = committed.status === 'rejected' && committed.reason instanceof Aborted
  if (saved.status === 'rejected' && (isRolledBack || refusedByServer(saved.reason))) throw classify(saved.reason)
  if (committed.status === 'rejected') throw committed.reason
  if (saved.status === 'rejected') throw new OutcomeUnknown(saved.reason)
}

const commit = async (client: pg.PoolClient): Promise<void> => {
  try {
    const { command } = await client.query('commit')
    if (command !== 'COMMIT') throw new Aborted('conflict', `the commit came back as ${command}`)
  } catch (fault) {
    if (fault instanceof Aborted || refusedByServer(fault)) throw classify(fault)
    throw new OutcomeUnknown(fault)
  }
  if (doubtful.delete(client)) throw new OutcomeUnknown('the commit was not confirmed by its standby')
}

/** @returns the fault that makes the connection useless, if rolling back did not work. */
const rollback = async (client: pg.PoolClient): Promise<Error | undefined> => {
  try {
    await client.query('rollback')
    return undefined
  } catch (fault) {
    return fault instanceof Error ? fault : new Error(String(fault))
  }
}
