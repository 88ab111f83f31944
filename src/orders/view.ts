/**
 * An order as `/v1` shows it (INTERFACES §2): a pure function of its state and the person it belongs to. What an order does
 * not have is `undefined`, which JSON leaves out: objects of one shape are made and written in half the time.
 */
import type { Day, Instant, OrderId } from '../kernel/ids.ts'
import type { Person } from '../platform/records/records.ts'
import { actionsOf, authorizedOf, capturedOf, lineState, notDue, refundedOf } from './derive.ts'
import type { ShipmentLine } from './contract.ts'
import { maySplit } from './supply.ts'
import { counterNames, type Live, type Placed, type Progress, sumOf } from './order.ts'

export const lineId = (index: number): string => `oli_${index + 1}`
/** `oli_3` → 2; undefined where it is no line's id. */
export const lineIndex = (id: string): number | undefined => {
  const digits = /^oli_([1-9]\d{0,4})$/.exec(id)?.[1]
  return digits === undefined ? undefined : Number(digits) - 1
}

export const moneyState = (placed: Placed, progress: Progress): string => {
  const [authorized, captured, refunded] = [authorizedOf(progress), capturedOf(progress), refundedOf(progress)]
  if (captured > 0) {
    if (refunded >= captured) return 'refunded'
    if (refunded > 0) return 'partially_refunded'
    return captured >= progress.totals.total ? 'captured' : 'partially_captured'
  }
  const steps = progress.money.map(({ step }) => step)
  if (steps.includes('unknown')) return 'unknown'
  if (authorized > 0 && steps.includes('authorized')) return 'authorized'
  if (notDue(placed)) return 'not_due'
  if (steps.length > 0 && steps.every((step) => step === 'voided')) return 'voided'
  if (steps.length > 0 && steps.every((step) => step === 'failed' || step === 'voided')) return 'failed'
  return 'pending'
}

const quantities = (order: Live, index: number): Record<string, number> => {
  const shown: Record<string, number> = { ordered: order.placed.lines[index]?.quantity ?? 0 }
  for (const name of counterNames) {
    const units = order.progress.counters[name][index] ?? 0
    if (units !== 0 || name === 'current') shown[name] = units
  }
  return shown
}

/** The day on which what a line waits for is expected, by line. */
const readyByLine = ({ progress }: Live): ReadonlyMap<number, ShipmentLine['ready']> => {
  const ready = new Map<number, ShipmentLine['ready']>()
  for (const { lines } of progress.plan)
    for (const part of lines)
      if ((part.kind === 'backorder' || part.kind === 'preorder') && !ready.has(part.line)) ready.set(part.line, part.ready)
  return ready
}

const lineView = (order: Live, index: number, expected: ShipmentLine['ready']) => {
  const line = order.placed.lines[index]
  if (line === undefined) throw new Error(`no line ${index}`)
  return {
    id: lineId(index),
    sku: line.sku,
    name: line.name,
    kind: line.kind,
    bundle: line.parent === undefined ? undefined : lineId(line.parent),
    quantity: quantities(order, index),
    state: lineState(order, index),
    unitPrice: line.unitPrice,
    discount: line.discount,
    expected,
  }
}

const fulfilmentViews = (order: Live) => {
  const { plan, assembled, fulfilments } = order.progress
  const planned = plan.slice(assembled).filter(({ lines }) => lines.length > 0)
  return [
    ...fulfilments.map(({ id, place, status }) => ({ id, warehouse: place, status })),
    ...planned.map(({ place, dispatch, arrives, lines }) => ({
      warehouse: place,
      status: 'planned' as const,
      dispatch,
      arrives,
      lines: lines.map(({ line, quantity, from, kind, ready }) => ({
        id: lineId(line),
        quantity,
        from,
        kind,
        ready,
      })),
    })),
  ]
}

export const confidence = (order: Live): 'in_stock' | 'backorder' | 'preorder' => {
  if (sumOf(order.progress.counters.backordered) > 0) return 'backorder'
  return sumOf(order.progress.counters.preordered) > 0 ? 'preorder' : 'in_stock'
}

/** From the day it should come, to the day that was promised and stays. */
const range = (promised: Day, expected: Day | undefined): Readonly<{ earliest: Day; latest: Day }> => ({
  earliest: expected !== undefined && expected < promised ? expected : promised,
  latest: promised,
})

/** Where customers reach this server, and the signed path of an order's page. */
export type ViewSettings = Readonly<{ publicUrl: () => string; trackingPath: (id: OrderId) => string }>

export const orderView = (
  id: OrderId,
  version: number,
  order: Live,
  updatedAt: Instant,
  person: Person | undefined,
  { publicUrl, trackingPath }: ViewSettings,
) => {
  const { placed, progress } = order
  const { totals, promised, expected } = progress
  const goods = placed.lines.filter((line) => line.kind !== 'component')
  const ready = readyByLine(order)
  return {
    id,
    number: String(placed.number),
    version,
    status: progress.status,
    states: { order: progress.phase, money: moneyState(placed, progress) },
    externalRef: placed.externalRef,
    channel: placed.channel,
    source: placed.source,
    currency: placed.currency,
    basketSize: sumOf(goods.map(({ quantity }) => quantity)),
    userId: placed.user,
    customer: { email: person?.['email'], phone: person?.['phone'], locale: person?.['locale'], name: person?.['name'] },
    shippingAddress: person?.['shippingAddress'],
    notes: person?.['notes'],
    deliveryInstructions: person?.['deliveryInstructions'],
    lines: placed.lines.map((_, index) => lineView(order, index, ready.get(index))),
    promotionCodes: placed.promotions?.map(({ code }) => code) ?? [],
    promotions: placed.promotions ?? [],
    totals: {
      currency: placed.currency,
      ...totals,
      paid: capturedOf(progress),
      authorized: authorizedOf(progress),
      refunded: refundedOf(progress),
    },
    onShortage: placed.onShortage,
    shippingMethod: placed.shippingMethod,
    paymentTerms: placed.terms,
    promise:
      promised === undefined
        ? undefined
        : { ...range(promised, expected), expected: expected ?? promised, confidence: confidence(order) },
    fulfilments: fulfilmentViews(order),
    parcels: progress.parcels,
    numberOfDeliveryAttempts: progress.parcels.length === 0 ? null : sumOf(progress.parcels.map(({ attempts }) => attempts)),
    payments: progress.money.map(({ payment, step, authorized, captured, refunded, method }) => ({
      id: payment,
      status: step,
      authorized,
      captured,
      refunded,
      method,
    })),
    holds: holdsOf(progress),
    choice:
      progress.choice === undefined
        ? undefined
        : {
            options: ['wait', ...(maySplit(order) ? ['split'] : []), 'cancel'],
            lines: progress.choice.map(({ line, quantity }) => ({ id: lineId(line), quantity })),
          },
    actions: actionsOf(order),
    trackingUrl: `${publicUrl()}${trackingPath(id)}`,
    placedAt: placed.placedAt,
    updatedAt,
    updatedBy: progress.updatedBy,
    expiresAt: progress.expiresAt,
    closedReason: progress.closedReason,
  }
}
/** An order without an address goes all the way to `ready`; only the hand-over to a real carrier waits (T3). */
const holdsOf = ({ holds, destination }: Progress) =>
  destination.pending === true
    ? [...holds, { id: 'address_missing', kind: 'address_missing', blocks: 'collection' as const, by: 'system' }]
    : holds
