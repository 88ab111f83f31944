/** The repositories of fulfilment: work by order and by warehouse, transfers by their ends. All SQL of the room. */
import type { OrderId, Place } from '../kernel/ids.ts'
import type { FulfilmentStatus } from '../orders/contract.ts'
import { type Database } from '../platform/postgres/database.ts'
import { type Found, PostgresStreams, type StreamStore, type StreamTable } from '../platform/streams/store.ts'
import type { Remembered } from './remembered.ts'
import type { Transfer, TransferStatus } from './transfer.ts'
import { type FulfilmentOrder, isLive } from './work.ts'

export type FulfilmentFilter = Readonly<{
  places?: readonly Place[] | undefined
  statuses?: readonly FulfilmentStatus[] | undefined
  order?: OrderId | undefined
}>
export type TransferFilter = Readonly<{
  /** Transfers that leave from it or come to it. */
  place?: Place | undefined
  statuses?: readonly TransferStatus[] | undefined
  order?: OrderId | undefined
}>
/** Newest first; `after` is the last id of the page before. */
export type Page = Readonly<{ limit: number; after?: string | undefined }>

export interface FulfilmentRepository extends StreamStore<FulfilmentOrder> {
  list(filter: FulfilmentFilter, page: Page): Promise<readonly Found<FulfilmentOrder>[]>
}
export interface TransferRepository extends StreamStore<Transfer> {
  list(filter: TransferFilter, page: Page): Promise<readonly Found<Transfer>[]>
}
export type FulfilmentStores = Readonly<{
  fulfilments: FulfilmentRepository
  transfers: TransferRepository
  early: StreamStore<Remembered>
  cancelled: StreamStore<Remembered>
}>

export const fulfilmentTable: StreamTable<FulfilmentOrder> = {
  table: 'fulfilment.fulfilment_orders',
  columns: {
    order_id: { type: 'uuid', of: (state) => (isLive(state) ? state.order : null) },
    place: { type: 'text', of: (state) => (isLive(state) ? state.place : null) },
    status: { type: 'text', of: ({ status }) => status },
  },
}
export const transferTable: StreamTable<Transfer> = {
  table: 'fulfilment.transfers',
  columns: {
    order_id: { type: 'uuid', nullable: true, of: (state) => ('order' in state ? (state.order ?? null) : null) },
    from_place: { type: 'text', of: (state) => ('from' in state ? state.from : null) },
    to_place: { type: 'text', of: (state) => ('to' in state ? state.to : null) },
    status: { type: 'text', of: ({ status }) => status },
  },
}
export const earlyTable: StreamTable<Remembered> = { table: 'fulfilment.early_supply', columns: {} }
export const cancelledTable: StreamTable<Remembered> = { table: 'fulfilment.cancelled_inline', columns: {} }

class PostgresFulfilments extends PostgresStreams<FulfilmentOrder> implements FulfilmentRepository {
  readonly #reads: Database
  constructor(database: Database) {
    super(database, fulfilmentTable)
    this.#reads = database
  }
  list({ places, statuses, order }: FulfilmentFilter, { limit, after }: Page): Promise<readonly Found<FulfilmentOrder>[]> {
    return this.#reads.read(
      `select id, version, state from fulfilment.fulfilment_orders
        where ($1::text[] is null or place = any($1)) and ($2::text[] is null or status = any($2))
          and ($3::uuid is null or order_id = $3) and ($4::uuid is null or id < $4)
        order by id desc limit $5`,
      [places ?? null, statuses ?? null, order ?? null, after ?? null, limit],
    )
  }
}

class PostgresTransfers extends PostgresStreams<Transfer> implements TransferRepository {
  readonly #reads: Database
  constructor(database: Database) {
    super(database, transferTable)
    this.#reads = database
  }
  list({ place, statuses, order }: TransferFilter, { limit, after }: Page): Promise<readonly Found<Transfer>[]> {
    return this.#reads.read(
      `select id, version, state from fulfilment.transfers
        where ($1::text is null or from_place = $1 or to_place = $1) and ($2::text[] is null or status = any($2))
          and ($3::uuid is null or order_id = $3) and ($4::uuid is null or id < $4)
        order by id desc limit $5`,
      [place ?? null, statuses ?? null, order ?? null, after ?? null, limit],
    )
  }
}

export const postgresFulfilmentStores = (database: Database): FulfilmentStores => ({
  fulfilments: new PostgresFulfilments(database),
  transfers: new PostgresTransfers(database),
  early: new PostgresStreams(database, earlyTable),
  cancelled: new PostgresStreams(database, cancelledTable),
})
