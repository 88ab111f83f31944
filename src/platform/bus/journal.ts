/**
 * Reading the journal in order, and never past a position that may still appear.
 *
 * Positions are handed out before commit, so a lower one may appear after a higher one. The reader therefore keeps a
 * horizon. What follows it without a gap is final: each position is handed out once. Behind a gap, which is a transaction
 * that is open or was rolled back, it notes a position it has seen committed together with the transactions open at that
 * moment; once all of those have ended, everything up to that position is final. (docs/decisions/0003-journal-horizon.md)
 */
import type { Envelope, Fact } from '../../kernel/event.ts'
import type { Instant, StreamId } from '../../kernel/ids.ts'
import type { Database } from '../postgres/database.ts'

type Row = {
  position: number
  stream: StreamId
  version: number
  at: Instant
  type: string
  v: number
  actor: string
  cause: string | null
  body: Record<string, unknown>
}

/** Turns an event's body as an older version wrote it into today's; by type, then by the version it was written as. */
export type Upcasters = Readonly<
  Record<string, Readonly<Record<number, (body: Readonly<Record<string, unknown>>) => Record<string, unknown>>>>
>

export const envelopeOf = (row: Row, upcasters: Upcasters = {}): Envelope => {
  const upcast = upcasters[row.type]?.[row.v]
  const body = upcast === undefined ? row.body : upcast(row.body)
  const event = { type: row.type, ...body } satisfies Fact
  return {
    position: row.position,
    stream: row.stream,
    version: row.version,
    at: row.at,
    actor: row.actor,
    cause: row.cause ?? undefined,
    event,
  }
}

export const envelopeColumns = 'position, stream, version, at, type, v, actor, cause, body'

/** Positions looked at for a gap: far more than come between two looks. Who is further behind waits for the open transactions. */
const gaplessMax = 5_000

/**
 * The statement's snapshot comes first, the list of open writers of this database after it, live. The snapshot's own xmax
 * would not do: it is one past the last *completed* transaction, and an open one beyond it may hold a lower position.
 */
const horizonSql = `select last, gapless, case when gapless < last then array(
    select a.pid || ':' || a.backend_xid from pg_stat_get_activity(null) a
     where a.backend_xid is not null and a.datid = (select oid from pg_database where datname = current_database())) else '{}' end as open
  from (select (select max(position) from platform.journal) as last, coalesce((
    select max(position) from (select position, row_number() over (order by position) as place from (
      select position from platform.journal where position > $1 order by position limit ${gaplessMax}) behind) placed
     where position = $1 + place), $1) as gapless) seen`

/** What reads the journal in order; PostgreSQL and memory each have a form. */
export interface Journal {
  /** The position up to which the journal is final now. */
  horizon(): Promise<number>
  /** Whether something is committed that the horizon does not cover yet: ask again soon. */
  readonly behind: boolean
  /** Another database may answer from now on, one that lacks what this one said last. */
  forget(): void
  /** Final events after a position, of some types, in order. */
  read(after: number, upTo: number, types: readonly string[], limit: number): Promise<Envelope[]>
  /** The events at some positions, in order. */
  readAt(positions: readonly number[], types: readonly string[]): Promise<Envelope[]>
  /** One object's whole history. */
  history(stream: string): Promise<Envelope[]>
}

type Seen = {
  last: number | null
  /** Up to here no position is missing behind the one that was final. */
  gapless: number
  /** Transactions that write, where a position is missing. */
  open: string[]
}

export class JournalReader implements Journal {
  readonly #database: Database
  readonly #upcasters: Upcasters
  #final = 0
  #candidate: { position: number; open: readonly string[] } | undefined

  constructor(database: Database, upcasters: Upcasters = {}) {
    this.#database = database
    this.#upcasters = upcasters
  }

  async horizon(): Promise<number> {
    const [seen] = await this.#database.read<Seen>(horizonSql, [this.#final], 'journal_horizon')
    if (seen === undefined || seen.last === null) return this.#final
    this.#final = Math.max(this.#final, seen.gapless)
    if (this.#candidate !== undefined && !this.#candidate.open.some((transaction) => seen.open.includes(transaction))) {
      this.#final = Math.max(this.#final, this.#candidate.position)
      this.#candidate = undefined
    }
    if (seen.open.length === 0) this.#final = Math.max(this.#final, seen.last)
    else if (this.#candidate === undefined && seen.last > this.#final) this.#candidate = { position: seen.last, open: seen.open }
    return this.#final
  }

  get behind(): boolean {
    return this.#candidate !== undefined
  }

  forget(): void {
    this.#final = 0
    this.#candidate = undefined
  }

  async read(after: number, upTo: number, types: readonly string[], limit: number): Promise<Envelope[]> {
    const rows = await this.#database.read<Row>(
      `select ${envelopeColumns} from platform.journal where position > $1 and position <= $2 and type = any($3::text[]) order by position limit $4`,
      [after, upTo, types, limit],
      'journal_read',
    )
    return rows.map((row) => envelopeOf(row, this.#upcasters))
  }

  async readAt(positions: readonly number[], types: readonly string[]): Promise<Envelope[]> {
    if (positions.length === 0) return []
    const rows = await this.#database.read<Row>(
      `select ${envelopeColumns} from platform.journal where position = any($1::bigint[]) and type = any($2::text[]) order by position`,
      [positions, types],
      'journal_read_at',
    )
    return rows.map((row) => envelopeOf(row, this.#upcasters))
  }

  async history(stream: string): Promise<Envelope[]> {
    const rows = await this.#database.read<Row>(
      `select ${envelopeColumns} from platform.journal where stream = $1 order by version`,
      [stream],
    )
    return rows.map((row) => envelopeOf(row, this.#upcasters))
  }
}
