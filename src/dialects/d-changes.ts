/** What a PUT of dialect D asks of an order's items, as units that each line shall have afterwards. Pure. */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { LineUnits } from '../orders/contract.ts'
import type { ItemSeen } from './ports.ts'

export type AskedItem = Readonly<{
  productId: string
  quantity?: number | undefined
  status?: 'PENDING' | 'EXECUTED' | 'CANCELED' | 'CANCELLED' | undefined
}>

/** Items that are not named stay; so do those that are named as they are. */
export const changesAsked = (
  asked: readonly AskedItem[],
  items: readonly ItemSeen[],
  cancelling: boolean,
): LineUnits[] | Refusal => {
  const wanted = new Map<string, number>()
  for (const [index, { productId, quantity, status }] of asked.entries()) {
    const about = { errors: [{ pointer: `/orderItems/${index}/productId`, code: 'item_unknown' }] }
    const mine = items.filter(({ sku }) => sku === productId)
    if (mine.length === 0) return refuse('item_unknown', `${productId} is not an item of this order`, about)
    if (wanted.has(productId)) return refuse('contradiction', `${productId} is named twice`, about)
    const cancels = status === 'CANCELED' || status === 'CANCELLED'
    if (cancelling && !cancels && status !== undefined)
      return refuse('contradiction', `the order is to be CANCELED, but its item ${productId} is to be ${status}`, {
        errors: [{ pointer: `/orderItems/${index}/status`, code: 'contradiction' }],
      })
    const now = unitsOf(mine)
    if (!cancels && !cancelling && quantity !== undefined && now === 0)
      return refuse('units_not_addable', `${productId} is CANCELED and stays so: place another order`, {
        errors: [{ pointer: `/orderItems/${index}/status`, code: 'item_canceled' }],
      })
    wanted.set(productId, cancels || cancelling ? 0 : (quantity ?? now))
  }
  return [...wanted].flatMap(([sku, units]) =>
    spreadOver(
      items.filter((item) => item.sku === sku),
      units,
    ),
  )
}

const unitsOf = (items: readonly ItemSeen[]): number => items.reduce((sum, { current }) => sum + current, 0)

/** A product may stand in several lines: the first that still has units grows, the last ones shrink. */
const spreadOver = (items: readonly ItemSeen[], units: number): LineUnits[] => {
  let surplus = unitsOf(items) - units
  if (surplus < 0) {
    const first = items.find(({ current }) => current > 0)
    return first === undefined ? [] : [{ line: first.line, quantity: first.current - surplus }]
  }
  return items.toReversed().flatMap(({ line, current }) => {
    const less = Math.min(surplus, current)
    surplus -= less
    return less === 0 ? [] : [{ line, quantity: current - less }]
  })
}
