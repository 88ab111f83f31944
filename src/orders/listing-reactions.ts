/** Fills the table that people look orders up by: who, which status, which number. */
import type { Envelope } from '../kernel/event.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Work } from '../platform/store/work.ts'
import type { OrderEvent } from './contract.ts'
import type { ListedOrder, ListingStore } from './listing-store.ts'

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
  react: (work: Work, envelopes: readonly Envelope[]): Promise<readonly Handled[]> => {
    const events = (envelopes as readonly Envelope<OrderEvent>[]).map(({ stream, event }) => ({ id: stream, event }))
    const fresh = new Map(
      events.flatMap(({ id, event }): [OrderId, ListedOrder][] =>
        event.type === 'OrderPlaced' ? [[id, { id, channel: event.channel, contact: event.contact }]] : [],
      ),
    )
    // Who was just placed is listed as he is now; and a statement changes a row once.
    const known = events.filter(({ id }) => !fresh.has(id))
    const readdressed = new Set(known.flatMap(({ id, event }) => (event.type === 'AddressChanged' ? [id] : [])))
    const changed = new Set(known.flatMap(({ id }) => (readdressed.has(id) ? [] : [id])))
    work.add(store.placed([...fresh.values()]), store.changed([...changed]), store.readdressed([...readdressed]))
    return Promise.resolve(envelopes.map(() => 'done'))
  },
})
