/** Policies and the figures of their shadows, on PostgreSQL and in memory. */
import type { Database } from '../platform/postgres/database.ts'
import { MemoryStreams, PostgresStreams, type StreamStore, type StreamTable } from '../platform/streams/store.ts'
import type { PolicyHistory } from './policy-life.ts'

/** What a shadow would have done otherwise than the live policy, summed; differences are shadow − live. */
export type ShadowSums = Readonly<{
  orders: number
  /** Orders it was not asked about, because there was more to do than time. */
  skipped: number
  /** Orders it would have sent otherwise: another place, parcel or day. */
  differently: number
  unfilledDifference: number
  costDifference: number
  parcelsDifference: number
  transfersDifference: number
}>
export type ShadowRow = ShadowSums & Readonly<{ policy: string; day: string }>

export interface PolicyRepository {
  readonly streams: StreamStore<PolicyHistory>
  all(): Promise<readonly PolicyHistory[]>
  /** Adds to what is there. */
  addShadow(rows: readonly ShadowRow[]): Promise<void>
  /** Over all days, by `name@version`. */
  shadowSums(policies: readonly string[]): Promise<ReadonlyMap<string, ShadowSums & Readonly<{ days: number }>>>
}

export const policiesTable: StreamTable<PolicyHistory> = {
  table: 'inventory.policies',
  columns: { name: { type: 'text', unique: true, of: ({ name }) => name } },
}

const sqlText = {
  all: 'select state from inventory.policies order by name',
  add: `insert into inventory.shadow_results as known
      (policy, day, orders, skipped, differently, unfilled_difference, cost_difference, parcels_difference, transfers_difference)
    select * from unnest($1::text[], $2::date[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[])
      as added (policy, day, orders, skipped, differently, unfilled, cost, parcels, transfers) order by policy, day
    on conflict (policy, day) do update set
      orders = known.orders + excluded.orders, skipped = known.skipped + excluded.skipped,
      differently = known.differently + excluded.differently,
      unfilled_difference = known.unfilled_difference + excluded.unfilled_difference,
      cost_difference = known.cost_difference + excluded.cost_difference,
      parcels_difference = known.parcels_difference + excluded.parcels_difference,
      transfers_difference = known.transfers_difference + excluded.transfers_difference`,
  sums: `select policy, count(*)::float8 as days, sum(orders)::float8 as orders, sum(skipped)::float8 as skipped,
      sum(differently)::float8 as differently, sum(unfilled_difference)::float8 as "unfilledDifference",
      sum(cost_difference)::float8 as "costDifference", sum(parcels_difference)::float8 as "parcelsDifference",
      sum(transfers_difference)::float8 as "transfersDifference"
    from inventory.shadow_results where policy = any($1::text[]) group by policy`,
} as const

export const noSums: ShadowSums = {
  orders: 0,
  skipped: 0,
  differently: 0,
  unfilledDifference: 0,
  costDifference: 0,
  parcelsDifference: 0,
  transfersDifference: 0,
}
const names = Object.keys(noSums) as (keyof ShadowSums)[]
export const added = (a: ShadowSums, b: ShadowSums): ShadowSums => {
  const sums = { ...noSums }
  for (const name of names) sums[name] = a[name] + b[name]
  return sums
}

export const postgresPolicies = (database: Database): PolicyRepository => ({
  streams: new PostgresStreams(database, policiesTable),
  all: async () => (await database.read<{ state: PolicyHistory }>(sqlText.all)).map(({ state }) => state),
  addShadow: async (rows) => {
    if (rows.length === 0) return
    const columns = names.map((name) => rows.map((row) => row[name]))
    await database.read(sqlText.add, [rows.map(({ policy }) => policy), rows.map(({ day }) => day), ...columns])
  },
  shadowSums: async (policies) => {
    const rows = await database.read<ShadowSums & { policy: string; days: number }>(sqlText.sums, [policies])
    return new Map(rows.map(({ policy, ...sums }) => [policy, sums]))
  },
})

export const memoryPolicies = (): PolicyRepository => {
  const streams = new MemoryStreams<PolicyHistory>(policiesTable)
  const shadow = new Map<string, ShadowRow>()
  return {
    streams,
    all: () => Promise.resolve([...streams.rows.values()].map(({ state }) => state).sort((a, b) => (a.name < b.name ? -1 : 1))),
    addShadow: (rows) => {
      for (const row of rows) {
        const key = `${row.policy} ${row.day}`
        shadow.set(key, { ...row, ...added(shadow.get(key) ?? noSums, row) })
      }
      return Promise.resolve()
    },
    shadowSums: (policies) => {
      const sums = new Map<string, ShadowSums & { days: number }>()
      for (const row of shadow.values()) {
        if (!policies.includes(row.policy)) continue
        const known = sums.get(row.policy)
        sums.set(row.policy, { ...added(known ?? noSums, row), days: (known?.days ?? 0) + 1 })
      }
      return Promise.resolve(sums)
    },
  }
}
