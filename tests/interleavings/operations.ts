/** The product's operations as a party does them. */
import type { Place, Sku } from '../../src/kernel/ids.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import type { OrderAsked } from '../../src/orders/service.ts'
import type { StockCommand } from '../../src/inventory/service.ts'
import type { Operation } from './items.ts'
import { keyed, leeds, ordering, origin, units } from './world.ts'

export const reserve =
  (quantity: number, more: Partial<PlacedLine> = {}): Operation =>
  (world, process, { sku }) =>
    world.shop(process).placement.place(ordering([units(sku, quantity, more)]))
/** With an Idempotency-Key that belongs to the item. */
export const reserveWithKey =
  (quantity: number, body: string): Operation =>
  (world, process, { sku }) =>
    world.shop(process).placement.place(ordering([units(sku, quantity)], { key: keyed(sku, body) }))

const asked =
  (command: OrderAsked['command'], more: (item: Parameters<Operation>[2]) => Partial<OrderAsked> = () => ({})): Operation =>
  (world, process, item) =>
    world.shop(process).orders.handle({ id: item.order, command, origin, ...more(item) })
export const cancel: Operation = asked({ do: 'cancel', reason: 'bought twice', by: 'ann', refund: 'auto' })
export const cancelUnits = (quantity: number): Operation =>
  asked({ do: 'cancel', reason: 'too many', by: 'ann', refund: 'auto', lines: [{ line: 0, quantity }] })
export const expire: Operation = asked({ do: 'expire' })
export const changeUnits = (quantity: number): Operation =>
  asked({ do: 'changeUnits', lines: [{ line: 0, quantity }], by: 'ann', reason: 'changed' })
export const replan: Operation = asked({ do: 'replan', leastSaving: 0 })
/** One command with a key of the item's own. */
export const cancelUnitsOnce = (quantity: number): Operation =>
  asked({ do: 'cancel', reason: 'too many', by: 'ann', refund: 'auto', lines: [{ line: 0, quantity }] }, ({ sku }) => ({
    key: keyed(`cancel ${sku}`),
  }))

type About<Command> = Command extends { sku: Sku; place: Place } ? Omit<Command, 'sku' | 'place'> : never
/** A command about the item's product in one place. */
export const stocking =
  (command: About<StockCommand>, place: Place = leeds, key?: (sku: string) => string): Operation =>
  (world, process, { sku }) =>
    world.shop(process).inventory.handle({
      command: { ...command, sku: sku as Sku, place },
      origin,
      ...(key === undefined ? {} : { key: keyed(key(sku)) }),
    })
export const receive = (quantity: number): Operation => stocking({ do: 'receive', quantity })
export const adjustOnce = (by: number): Operation =>
  stocking({ do: 'adjust', by, reason: 'found broken' }, leeds, (sku) => `adjust ${sku}`)
export const adjust = (by: number): Operation => stocking({ do: 'adjust', by, reason: 'found broken' })
export const count = (onHand: number): Operation => stocking({ do: 'count', onHand, reason: 'counted' })
/** Supply that `before` announced, its id in `extra`. */
export const receiveSupply =
  (quantity: number): Operation =>
  (world, process, { extra }) =>
    world.shop(process).inventory.handle({ command: { do: 'receiveSupply', supply: extra, quantity }, origin })
export const changeSupply =
  (quantity: number): Operation =>
  (world, process, { extra }) =>
    world.shop(process).inventory.handle({ command: { do: 'changeSupply', supply: extra, quantity }, origin })

/** The provider says that the order was paid, and the order hears of it. */
export const pay: Operation = async (world, process, { order, payment }) => {
  const total = await totalOf(world, payment)
  const told = await world.tell(process, 'Payment_Success', { paymentId: payment, amount: total, currency: 'GBP' })
  await world.deliver(process, 'orders.payments', [order])
  return told
}
/** The provider's news twice under one id: as it is sent again. */
export const webhook: Operation = async (world, process, { payment, sku }) => {
  const total = await totalOf(world, payment)
  return world.tell(process, 'Payment_Success', { paymentId: payment, amount: total, currency: 'GBP' }, `msg ${sku}`)
}
export const hearsOf =
  (reaction: string): Operation =>
  (world, process, { order }) =>
    world.deliver(process, reaction, [order])

const totalOf = async (world: Parameters<Operation>[0], payment: string): Promise<number> => {
  const [row] = await world.rows<{ total: number }>(`select (state->>'total')::int as total from payments.payments where id = $1`, [
    payment,
  ])
  return row?.total ?? 0
}
