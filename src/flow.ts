/**
 * THE choreography: which room follows which, in the order an order lives it. Nothing else connects rooms.
 *
 * Inline wires (same transaction; only forward in the lock order orders → inventory → fulfilment):
 *   orders place, reopen, short  → inventory sets units aside, or refuses
 *   orders cancel, expire        → fulfilment may veto, inventory gives units back
 *   carts                        → emptied by the order they became
 *
 * Over the journal: each line below is one reaction with a position of its own.
 */
import type { Reaction } from './platform/bus/consumers.ts'
import type { Rooms } from './rooms.ts'

export const flow = (rooms: Rooms): readonly Reaction[] => [
  //  an order is placed          → people can find it
  rooms.orders.reactions.listing,
  //                              → its payment starts; money follows what becomes of the order
  ...rooms.payments.reactions,
  //  money is authorised, taken  → the order is secured, or the money goes back where it came from
  rooms.orders.reactions.followPayments,
  //  the order is secured        → warehouses get their work, transfers are asked for
  rooms.fulfilment.reactions.followOrders,
  //  units leave, arrive, ship   → stock follows
  rooms.inventory.reactions.stockMoves,
  //  waiting units arrived       → their orders go on
  rooms.orders.reactions.followStock,
  //  a transfer is received      → the work it feeds goes on; what was lost is sourced again
  rooms.fulfilment.reactions.followTransfers,
  rooms.orders.reactions.followTransfers,
  //  picked, short, packed       → the order's page and headline; short units are sourced again
  rooms.orders.reactions.followFulfilment,
  //  packed                      → parcels are announced to their carrier
  rooms.shipping.reactions.followFulfilment,
  //  parcels move                → the warehouse's work ends, the order completes
  rooms.fulfilment.reactions.followParcels,
  rooms.orders.reactions.followParcels,
  //  goods come back             → the order counts them (stock and payments follow above), and the return is over
  rooms.orders.reactions.followReturns,
  rooms.returns.reactions.followOrders,
  //  what a customer waits for   → messages
  ...rooms.notifications.reactions,
  //  everything                  → the owner's figures
  ...rooms.insights.reactions,
]
