/** All the SQL of warehouses and of the network around them. */
import type { Place } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { Work, Write } from '../platform/store/work.ts'
import type { Network } from '../sourcing/contract.ts'
import type { NetworkState } from './network-change.ts'
import type { NetworkSettings } from './network.ts'
import type { WarehouseView } from './warehouse.ts'

export interface WarehouseStore {
  all(): Promise<readonly WarehouseView[]>
  settings(): Promise<NetworkSettings>
  /** The whole network, which nobody else changes until the batch ends: a change of one place may contradict that of another. */
  lock(work: Work): Promise<NetworkState>
  save(warehouses: readonly WarehouseView[]): Write
  saveSettings(settings: NetworkSettings): Write
  /** A network that orders are decided over: kept for ever under its version. */
  keepVersion(version: string, body: Omit<Network, 'version'>): Promise<void>
  version(version: string): Promise<Omit<Network, 'version'> | undefined>
  /** Units set aside and not yet collected, where some place has a capacity. */
  backlog(): Promise<readonly Readonly<{ place: Place; units: number }>[]>
}

const warehousesSql = {
  all: `select id, name, country, postal_code as "postalCode", latitude, longitude, time_zone as "timeZone", cut_off as "cutOff", workdays,
      handling_days as "handlingDays", pick_cents as "pickCents", per_unit_cents as "perUnitCents", hub, holidays, closed_days as "closedDays",
      open_days as "openDays", units_per_day as "unitsPerDay", blocked_countries as "blockedCountries"
    from inventory.warehouses where not archived order by id`,
  settings: 'select body from inventory.network where id = 1',
  lock: 'select body from inventory.network where id = 1 for update',
  saveSettings:
    'update inventory.network n set version = version + 1, body = said.body from unnest($1::json[]) as said (body) where n.id = 1',
  save: `insert into inventory.warehouses as known (id, name, country, postal_code, latitude, longitude, time_zone, cut_off, workdays, handling_days, pick_cents,
        per_unit_cents, hub, holidays, closed_days, open_days, units_per_day, blocked_countries)
    select id, name, country, "postalCode", latitude, longitude, "timeZone", "cutOff", workdays, "handlingDays", "pickCents",
        "perUnitCents", hub, nullif(holidays::text, 'null')::json, coalesce("closedDays", '[]'), coalesce("openDays", '[]'), "unitsPerDay", coalesce("blockedCountries", '[]')
      from unnest($1::json[]) as said (body) cross join lateral json_to_record(said.body) as w (id text, name text, country text, "postalCode" text, latitude float8, longitude float8, "timeZone" text, "cutOff" text,
        workdays json, "handlingDays" int, "pickCents" int, "perUnitCents" int, hub bool, holidays json, "closedDays" json, "openDays" json, "unitsPerDay" int,
        "blockedCountries" json)
    on conflict (id) do update set name = excluded.name, country = excluded.country, postal_code = excluded.postal_code, latitude = excluded.latitude,
      longitude = excluded.longitude, time_zone = excluded.time_zone, cut_off = excluded.cut_off, workdays = excluded.workdays, handling_days = excluded.handling_days,
      pick_cents = excluded.pick_cents, per_unit_cents = excluded.per_unit_cents, hub = excluded.hub, holidays = excluded.holidays,
      closed_days = excluded.closed_days, open_days = excluded.open_days, units_per_day = excluded.units_per_day,
      blocked_countries = excluded.blocked_countries, archived = false`,
  keepVersion: 'insert into inventory.networks (version, body) values ($1, $2::json) on conflict (version) do nothing',
  version: 'select body from inventory.networks where version = $1',
  // Units set aside and not yet collected. Levels are read only where some place has a capacity.
  backlog: `select place, sum(reserved)::float8 as units from inventory.levels
    where reserved > 0 and exists (select from inventory.warehouses where units_per_day is not null and not archived) group by place`,
} as const

export const postgresWarehouses = (database: Pick<Database, 'read'>): WarehouseStore => ({
  all: () => database.read<WarehouseView>(warehousesSql.all),
  settings: async () => settingsIn(await database.read<SettingsSql>(warehousesSql.settings)),
  lock: async (work) => {
    const settings = settingsIn(await sql(work).query<SettingsSql>({ text: warehousesSql.lock }, []))
    return { settings, warehouses: await sql(work).query<WarehouseView>({ text: warehousesSql.all }, []) }
  },
  save: (warehouses) => ({
    name: 'inventory.warehouses',
    sql: warehousesSql.save,
    types: ['json'],
    columns: [warehouses.map((warehouse) => JSON.stringify(warehouse))],
  }),
  saveSettings: (settings) => ({
    name: 'inventory.network',
    sql: warehousesSql.saveSettings,
    types: ['json'],
    columns: [[JSON.stringify(settings)]],
  }),
  keepVersion: async (version, body) => void (await database.read(warehousesSql.keepVersion, [version, JSON.stringify(body)])),
  version: async (version) => (await database.read<{ body: Omit<Network, 'version'> }>(warehousesSql.version, [version]))[0]?.body,
  backlog: () => database.read<{ place: Place; units: number }>(warehousesSql.backlog),
})

type SettingsSql = Readonly<{ body: NetworkSettings }>
const settingsIn = (rows: readonly SettingsSql[]): NetworkSettings => rows[0]?.body ?? {}
