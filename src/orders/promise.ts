/**
 * A promise: what an order would be if it were placed now. It is the placement itself, rehearsed on stock that nobody
 * saves, so that the two cannot differ; and the token by which the placement knows it again. Pure.
 */
import { type Decided, isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Day, Instant, OrderId } from '../kernel/ids.ts'
import type { Source, StockSession } from '../inventory/contract.ts'
import type { OrderEvent, OrderReason, Shipment } from './contract.ts'
import { evolve } from './evolve.ts'
import { answered } from './inline.ts'
import { type Live, type Order, type Placed, unplaced } from './order.ts'
import type { Draft } from './placement-service.ts'

/** An order that is never saved has no id: nothing is kept under this one. */
const nobody = '00000000-0000-0000-0000-000000000000' as OrderId

export type Rehearsal = Readonly<{ stock: StockSession; source: Source; at: Instant }>

/** The order as it would stand after its placement, or why it cannot be placed. `stock` is used up: one rehearsal each. */
export const rehearse = (draft: Draft, { stock, source, at }: Rehearsal): Live | Refusal<OrderReason> => {
  const placed: Placed = { type: 'OrderPlaced', number: 0, placedAt: at, ...draft }
  const decided: Decided<OrderEvent, Order> = { version: 1, state: evolve(unplaced, placed), events: [placed] }
  const rehearsed: Source = (request, seen) => source({ ...request, rehearsal: true }, seen)
  const added = answered(nobody, decided, { stock, source: rehearsed, now: at })
  if (isRefusal(added)) return added
  const order = added.reduce(evolve, decided.state)
  if (order.status !== 'live') throw new Error('a placed order is live')
  return order.progress.promised === undefined ? nothingLeft(order) : order
}

/** With `cancelLine` a placement would take the order and cancel all of it; there is no day to tell for that. */
const nothingLeft = ({ placed }: Live): Refusal<OrderReason> =>
  refuse('insufficient_stock', 'nothing of it can be had now', {
    errors: placed.lines.flatMap((line, index) =>
      line.kind === 'component'
        ? []
        : [{ pointer: `/lines/${index}/quantity`, code: 'quantity_exceeds_available', sku: line.sku, asked: line.quantity }],
    ),
  })

/** A token signed for anything else is no promise. */
export const promisePurpose = 'waybill promise'

/** What is promised: said to the customer, signed into the token, and compared when it comes back. */
export type Terms = Readonly<{
  country: string
  /** The part of the postal code that names no household. */
  area: string
  shippingMethod: string
  channel: string
  currency: string
  /** Digest of what is bought, and of the codes used. */
  lines: string
  promotionCodes: string
}>
export type Held = Readonly<{ issuedAt: Instant; expiresAt: Instant; promised: Day; shipping: number; terms: Terms }>

/** What decides an order's day and price. Lines in any order, one product once or twice: it is the same basket. */
export const termsOf = (
  draft: Pick<Draft, 'destination' | 'shippingMethod' | 'channel' | 'currency' | 'promotions'>,
  lines: readonly Readonly<{ sku: string; quantity: number }>[],
  digest: (text: string) => string,
): Terms => {
  const units = new Map<string, number>()
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity)
  const basket = [...units].sort(([a], [b]) => (a < b ? -1 : 1))
  const codes = (draft.promotions ?? []).map(({ code }) => code).sort()
  return {
    country: draft.destination.country,
    area: draft.destination.postalCode,
    shippingMethod: draft.shippingMethod,
    channel: draft.channel,
    currency: draft.currency,
    lines: digest(JSON.stringify(basket)),
    promotionCodes: digest(JSON.stringify(codes)),
  }
}

const pointers: Readonly<Record<keyof Terms, string>> = {
  country: '/shippingAddress/country',
  area: '/shippingAddress/postalCode',
  shippingMethod: '/shippingMethod',
  channel: '/channel',
  currency: '/currency',
  lines: '/lines',
  promotionCodes: '/promotionCodes',
}
const names = Object.keys(pointers) as (keyof Terms)[]

export const mismatch = (promised: Terms, ordered: Terms): Refusal<'promise_mismatch'> | undefined => {
  const errors = names.flatMap((name) =>
    promised[name] === ordered[name]
      ? []
      : [
          {
            pointer: pointers[name],
            code: 'promise_mismatch',
            ...(name === 'lines' || name === 'promotionCodes' ? {} : { promised: promised[name], ordered: ordered[name] }),
          },
        ],
  )
  if (errors.length === 0) return undefined
  const what = errors.map(({ pointer }) => pointer.slice(1).replace('/', '.')).join(', ')
  const detail = `the promise was made for another order: ${what} differ${errors.length === 1 ? 's' : ''}. Ask POST /v1/promises for this one.`
  return refuse('promise_mismatch', detail, { errors })
}

/** The token's text before it is signed: a version first, so that a later shape is told from this one. */
const shape = 1
export const written = ({ issuedAt, expiresAt, promised, shipping, terms }: Held): string =>
  JSON.stringify([shape, issuedAt, expiresAt, promised, shipping, ...names.map((name) => terms[name])])

/** @param text as it was signed here, so it is one that `written` made, perhaps of an older version. */
export const readHeld = (text: string): Held | undefined => {
  const fields = JSON.parse(text) as [number, Instant, Instant, Day, number, ...string[]]
  const [version, issuedAt, expiresAt, promised, shipping, ...rest] = fields
  if (version !== shape || rest.length !== names.length) return undefined
  const terms = Object.fromEntries(names.map((name, index) => [name, rest[index]])) as Terms
  return { issuedAt, expiresAt, promised, shipping, terms }
}

/** The lines that were dropped because they are sold out, as `cancelLine` allows. */
export const droppedFrom = ({ placed, progress }: Live): readonly Readonly<{ sku: string; quantity: number }>[] =>
  placed.lines.flatMap(({ sku }, index) => {
    const quantity = progress.counters.cancelled[index] ?? 0
    return quantity > 0 ? [{ sku, quantity }] : []
  })

/** The plan in words, day by day. */
export const stepsOf = (plan: readonly Shipment[], promised: Day, arrives: Day): readonly string[] => {
  const many = plan.length > 1
  const steps = plan.flatMap((parcel, index) => {
    const name = many ? `parcel ${index + 1}` : 'the parcel'
    const waits = parcel.lines.flatMap(({ sku, quantity, from, kind, ready }) => {
      const units = `${quantity} × ${sku}`
      if (kind === 'transfer') return [`${units} travel from ${from} to ${parcel.place}, there on ${ready ?? parcel.dispatch}`]
      if (kind === 'stock') return []
      return [
        `${units} ${kind === 'preorder' ? 'are sold ahead' : 'are awaited'}, ready in ${parcel.place} on ${ready ?? parcel.dispatch}`,
      ]
    })
    return [...waits, `${name} leaves ${parcel.place} on ${parcel.dispatch}`, `${name} arrives on ${parcel.arrives}`]
  })
  return promised > arrives ? [...steps, `promised for ${promised}: by then nine in ten such parcels were there`] : steps
}
