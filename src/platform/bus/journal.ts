/**
 * Reading the journal in order, and never past a transaction that is still open.
 *
 * Positions are handed out before commit, so a lower one may appear after a higher one. The reader therefore keeps a
 * horizon: a position it has seen committed together with the transactions open at that moment; once all of those have
 * ended, everything up to that position is final. (docs/decisions/0003-journal-horizon.md)
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

export class JournalReader {
  readonly #database: Database
  readonly #upcasters: Upcasters
  #final = 0
  #candidate: { position: number; openBelow: bigint } | undefined

  constructor(database: Database, upcasters: Upcasters = {}) {
    this.#database = database
    this.#upcasters = upcasters
  }

  /** The position up to which the journal is final now. */
  async horizon(): Promise<number> {
    const waited = this.#candidate !== undefined
    await this.#look()
    // What kept the last look waiting has ended: look at what came meanwhile at once.
    if (waited && this.#candidate === undefined) await this.#look()
    return this.#final
  }

  /**
   * Whoever could still bring a position at or below `last` had a transaction id when it took it, hence before this
   * statement's snapshot. The snapshot's own end will not do as the mark: it is one above the newest id that has *ended*,
   * and open ids lie beyond it. So the statement takes an id of its own: all older ones are below. It does so only when
   * there is something new, and ids are cheap: nothing is written and nothing is flushed for it.
   */
  async #look(): Promise<void> {
    const candidate = this.#candidate
    const known = candidate === undefined ? this.#final : Number.MAX_SAFE_INTEGER
    const [seen] = await this.#database.read<{ last: number | null; low: string; next: string | null }>(
      `select last, pg_snapshot_xmin(pg_current_snapshot())::text as low, case when last > $1 then pg_current_xact_id()::text end as next
         from (select max(position) as last from platform.journal) j`,
      [known],
      'journal_horizon',
    )
    if (seen === undefined || seen.last === null) return
    const low = BigInt(seen.low)
    if (candidate !== undefined) {
      if (low < candidate.openBelow) return
      this.#final = Math.max(this.#final, candidate.position)
      this.#candidate = undefined
      return
    }
    if (seen.next === null) return
    const openBelow = BigInt(seen.next)
    if (low >= openBelow) this.#final = seen.last
    else this.#candidate = { position: seen.last, openBelow }
  }

  /** Whether something is committed that the horizon does not cover yet: ask again soon. */
  get behind(): boolean {
    return this.#candidate !== undefined
  }

  /** Final events after a position, of some types, in order. */
  async read(after: number, upTo: number, types: readonly string[], limit: number): Promise<Envelope[]> {
    const rows = await this.#database.read<Row>(
      `select ${envelopeColumns} from platform.journal where position > $1 and position <= $2 and type = any($3::text[]) order by position limit $4`,
      [after, upTo, types, limit],
      'journal_read',
    )
    return rows.map((row) => envelopeOf(row, this.#upcasters))
  }

  /** One object's whole history. */
  async history(stream: string): Promise<Envelope[]> {
    const rows = await this.#database.read<Row>(
      `select ${envelopeColumns} from platform.journal where stream = $1 order by version`,
      [stream],
    )
    return rows.map((row) => envelopeOf(row, this.#upcasters))
  }
}
