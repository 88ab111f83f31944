/** Fills the table that people look orders up by: who, which status, which number. */
import type { Envelope } from '../kernel/event.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Work } from '../platform/store/work.ts'
import type { OrderEvent } from './contract.ts'
import type { ListingStore } from './listing-store.ts'

const on: readonly OrderEvent['type'][] = [
  'OrderPlaced',
  'StatusChanged',
  'OrderReopened',
  'AddressChanged',
  'UnitsCancelled',
  'UnitsAdded',
]

export const fillListing = (store: ListingStore): Reaction => ({
  name: 'orders.listing',
  on,
  react: async (work: Work, envelopes: readonly Envelope[]): Promise<readonly Handled[]> => {
    await store.refresh(work, [...new Set(envelopes.map(({ stream }) => stream))])
    return envelopes.map(() => 'done')
  },
})
