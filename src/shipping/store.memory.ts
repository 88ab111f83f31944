/** The memory form of shipping's repositories: for tests and for the simulation. */
import { MemoryTable } from '../platform/store/memory.ts'
import type { MemoryWrite, Work } from '../platform/store/work.ts'
import { type Found, MemoryStreams } from '../platform/streams/store.ts'
import { isAnnounced, type Parcel } from './parcel.ts'
import {
  type NewsInbox,
  type NewsRow,
  type Page,
  type ParcelFilter,
  type ParcelRepository,
  parcelTable,
  type Secrets,
  type ShippingStores,
  type SimulatedShipment,
  type SimulatedShipments,
} from './store.ts'

class MemoryParcels extends MemoryStreams<Parcel> implements ParcelRepository {
  constructor() {
    super(parcelTable)
  }
  list({ carrier, statuses, place, order }: ParcelFilter, { limit, after }: Page): Promise<readonly Found<Parcel>[]> {
    const fits = (state: Parcel): boolean =>
      isAnnounced(state) &&
      (carrier === undefined || state.carrier === carrier) &&
      (statuses === undefined || statuses.includes(state.status)) &&
      (place === undefined || state.place === place) &&
      (order === undefined || state.order === order)
    return Promise.resolve(
      [...this.rows]
        .map(([id, stored]) => ({ id, ...stored }))
        .filter(({ id, state }) => (after === undefined || id < after) && fits(state))
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit),
    )
  }
}

class MemoryInbox implements NewsInbox {
  readonly #ids = new MemoryTable<string, NewsRow>()
  seen(_work: Work, carrier: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(ids.filter((id) => this.#ids.has(`${carrier}\n${id}`))))
  }
  keep(rows: readonly NewsRow[]): MemoryWrite {
    return {
      apply: () => {
        for (const row of rows) this.#ids.insert(`${row.carrier}\n${row.id}`, row)
      },
    }
  }
}

class MemorySecrets implements Secrets {
  readonly #secrets = new Map<string, string>()
  get(name: string, make: () => string): Promise<string> {
    const secret = this.#secrets.get(name) ?? make()
    this.#secrets.set(name, secret)
    return Promise.resolve(secret)
  }
}

class MemorySimulatedShipments implements SimulatedShipments {
  readonly #shipments = new Map<string, SimulatedShipment>()
  put(shipment: SimulatedShipment): Promise<void> {
    const isKnown = [...this.#shipments.values()].some(
      ({ tracking, parcel }) => tracking === shipment.tracking || parcel === shipment.parcel,
    )
    if (!isKnown) this.#shipments.set(shipment.tracking, shipment)
    return Promise.resolve()
  }
  get(tracking: string): Promise<SimulatedShipment | undefined> {
    return Promise.resolve(this.#shipments.get(tracking))
  }
  cancel(tracking: string): Promise<void> {
    const known = this.#shipments.get(tracking)
    if (known !== undefined) this.#shipments.set(tracking, { ...known, cancelled: true })
    return Promise.resolve()
  }
}

export const memoryShippingStores = (): ShippingStores => ({
  parcels: new MemoryParcels(),
  inbox: new MemoryInbox(),
  secrets: new MemorySecrets(),
  simulated: new MemorySimulatedShipments(),
})
