/** The repositories of shipping: parcels, carriers' news, secrets, and what the simulated carrier knows. All SQL of the room. */
import type { Instant, OrderId, Place } from '../kernel/ids.ts'
import type { ParcelStatus } from '../orders/contract.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import { gathered } from '../platform/store/gather.ts'
import type { SqlWrite, Work, Write } from '../platform/store/work.ts'
import { type Found, PostgresStreams, type StreamStore, type StreamTable } from '../platform/streams/store.ts'
import { isAnnounced, type Parcel } from './parcel.ts'

export type ParcelFilter = Readonly<{
  carrier?: string | undefined
  statuses?: readonly ParcelStatus[] | undefined
  place?: Place | undefined
  order?: OrderId | undefined
}>
/** Newest first; `after` is the last id of the page before. */
export type Page = Readonly<{ limit: number; after?: string | undefined }>

export interface ParcelRepository extends StreamStore<Parcel> {
  list(filter: ParcelFilter, page: Page): Promise<readonly Found<Parcel>[]>
}

export type NewsRow = Readonly<{
  carrier: string
  id: string
  tracking: string
  receivedAt: Instant
  body: Readonly<Record<string, unknown>>
}>
export interface NewsInbox {
  /** Those of these ids that came before. */
  seen(work: Work, carrier: string, ids: readonly string[]): Promise<ReadonlySet<string>>
  /** An id that another batch saved in the meantime aborts this one. */
  keep(rows: readonly NewsRow[]): Write
}

export interface Secrets {
  /** The secret of this name; `make` is kept where there is none yet. */
  get(name: string, make: () => string): Promise<string>
}

export type SimulatedShipment = Readonly<{
  tracking: string
  parcel: string
  number: number
  place: string
  service: string
  weightGrams: number
  country: string
  postalCode: string
  cancelled: boolean
}>
export interface SimulatedShipments {
  /** What is known already stays as it is. */
  put(shipment: SimulatedShipment): Promise<void>
  get(tracking: string): Promise<SimulatedShipment | undefined>
  cancel(tracking: string): Promise<void>
}

export type ShippingStores = Readonly<{
  parcels: ParcelRepository
  inbox: NewsInbox
  secrets: Secrets
  simulated: SimulatedShipments
}>

export const parcelTable: StreamTable<Parcel> = {
  table: 'shipping.parcels',
  columns: {
    order_id: { type: 'uuid', of: (state) => (isAnnounced(state) ? state.order : null) },
    fulfilment_id: { type: 'uuid', of: (state) => (isAnnounced(state) ? state.fulfilment : null) },
    carrier: { type: 'text', of: (state) => (isAnnounced(state) ? state.carrier : null) },
    place: { type: 'text', of: (state) => (isAnnounced(state) ? state.place : null) },
    status: { type: 'text', of: ({ status }) => status },
    tracking: { type: 'text', nullable: true, of: (state) => (isAnnounced(state) ? (state.label?.tracking ?? null) : null) },
    astray: { type: 'bool', of: (state) => isAnnounced(state) && state.astraySince !== undefined },
  },
}

class PostgresParcels extends PostgresStreams<Parcel> implements ParcelRepository {
  readonly #reads: Database
  constructor(database: Database) {
    super(database, parcelTable)
    this.#reads = database
  }
  list({ carrier, statuses, place, order }: ParcelFilter, { limit, after }: Page): Promise<readonly Found<Parcel>[]> {
    return this.#reads.read(
      `select id, version, state from shipping.parcels
        where ($1::text is null or carrier = $1) and ($2::text[] is null or status = any($2)) and ($3::text is null or place = $3)
          and ($4::uuid is null or order_id = $4) and ($5::uuid is null or id < $5)
        order by id desc limit $6`,
      [carrier ?? null, statuses ?? null, place ?? null, order ?? null, after ?? null, limit],
    )
  }
}

class PostgresInbox implements NewsInbox {
  async seen(work: Work, carrier: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set()
    const statement = {
      name: 'shipping_inbox_seen',
      text: 'select id from shipping.inbox where carrier = $1 and id = any($2::text[])',
    }
    const rows = await sql(work).query<{ id: string }>(statement, [carrier, ids])
    return new Set(rows.map(({ id }) => id))
  }
  keep(rows: readonly NewsRow[]): SqlWrite {
    return {
      name: 'shipping.inbox',
      sql: `insert into shipping.inbox (carrier, id, tracking, received_at, body)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::json[])`,
      types: ['text', 'text', 'text', 'timestamptz', 'json'],
      columns: [
        rows.map(({ carrier }) => carrier),
        rows.map(({ id }) => id),
        rows.map(({ tracking }) => tracking),
        rows.map(({ receivedAt }) => receivedAt),
        rows.map(({ body }) => JSON.stringify(body)),
      ],
    }
  }
}

class PostgresSecrets implements Secrets {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }
  async get(name: string, make: () => string): Promise<string> {
    const values = [name, make()]
    await this.#database.read('insert into shipping.secrets (name, secret) values ($1, $2) on conflict (name) do nothing', values)
    const [row] = await this.#database.read<{ secret: string }>('select secret from shipping.secrets where name = $1', [name])
    if (row === undefined) throw new Error(`the secret ${name} could not be stored`)
    return row.secret
  }
}

class PostgresSimulatedShipments implements SimulatedShipments {
  readonly #database: Database
  readonly put: (shipment: SimulatedShipment) => Promise<void>
  constructor(database: Database) {
    this.#database = database
    this.put = gathered('simulated shipments', (shipments: readonly SimulatedShipment[]) => this.#put(shipments))
  }
  async #put(shipments: readonly SimulatedShipment[]): Promise<readonly void[]> {
    await this.#database.read(
      `insert into shipping.simulated_shipments (tracking, parcel, order_number, place, service, weight_grams, country, postal_code)
        select * from unnest($1::text[], $2::uuid[], $3::int8[], $4::text[], $5::text[], $6::int4[], $7::text[], $8::text[]) on conflict do nothing`,
      [
        shipments.map(({ tracking }) => tracking),
        shipments.map(({ parcel }) => parcel),
        shipments.map(({ number }) => number),
        shipments.map(({ place }) => place),
        shipments.map(({ service }) => service),
        shipments.map(({ weightGrams }) => weightGrams),
        shipments.map(({ country }) => country),
        shipments.map(({ postalCode }) => postalCode),
      ],
      'simulated_shipments_put',
    )
    return shipments.map(() => undefined)
  }
  async get(tracking: string): Promise<SimulatedShipment | undefined> {
    const [row] = await this.#database.read<SimulatedShipment>(
      `select tracking, parcel, order_number as number, place, service, weight_grams as "weightGrams", country,
         postal_code as "postalCode", cancelled from shipping.simulated_shipments where tracking = $1`,
      [tracking],
    )
    return row
  }
  async cancel(tracking: string): Promise<void> {
    await this.#database.read('update shipping.simulated_shipments set cancelled = true where tracking = $1', [tracking])
  }
}

export const postgresShippingStores = (database: Database): ShippingStores => ({
  parcels: new PostgresParcels(database),
  inbox: new PostgresInbox(),
  secrets: new PostgresSecrets(database),
  simulated: new PostgresSimulatedShipments(database),
})
