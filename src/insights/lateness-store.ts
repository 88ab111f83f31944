/** All the SQL of lateness: added to by deliveries, read whole. */
import type { Day } from '../kernel/ids.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { SqlWrite } from '../platform/store/work.ts'
import type { LatenessCount, LatenessRow } from './lateness.ts'

const added = `insert into insights.lateness (month, place, service, country, days, deliveries, on_time)
  select * from unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int8[], $7::int8[])
  on conflict (month, place, service, country, days) do update
    set deliveries = insights.lateness.deliveries + excluded.deliveries, on_time = insights.lateness.on_time + excluded.on_time`

export class LatenessStore {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** @param rows of one batch, one a key: a statement may touch a row only once. */
  add(rows: readonly LatenessRow[]): SqlWrite {
    return {
      name: 'insights.lateness',
      sql: added,
      types: ['date', 'text', 'text', 'text', 'int4', 'int8', 'int8'],
      columns: [
        rows.map(({ month }) => month),
        rows.map(({ place }) => place),
        rows.map(({ service }) => service),
        rows.map(({ country }) => country),
        rows.map(({ days }) => days),
        rows.map(({ deliveries }) => deliveries),
        rows.map(({ onTime }) => onTime),
      ],
    }
  }

  counts(since: Day): Promise<readonly LatenessCount[]> {
    return this.#database.read<LatenessCount>(
      `select place, service, country, days, sum(deliveries)::int8 as deliveries, sum(on_time)::int8 as "onTime"
        from insights.lateness where month >= $1 group by place, service, country, days`,
      [since],
    )
  }
}
