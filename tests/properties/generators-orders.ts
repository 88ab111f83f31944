/**
 * Random lives of one order: commands as data, and a driver that resolves them against where the order stands, decides
 * them, adds what follows (`settle`), and answers for stock as the inline wire does, with more units always at hand.
 */
import fc from 'fast-check'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, Instant, PersonRef, Place, Sku } from '../../src/kernel/ids.ts'
import type { LineUnits, MoneyStep, OrderEvent, PlacedLine, Shipment, ShipmentLine } from '../../src/orders/contract.ts'
import { type OrderCommand, orderDecider, settle } from '../../src/orders/decide.ts'
import { totalsWithout } from '../../src/orders/derive.ts'
import { type Live, type Order, type Placed, unplaced } from '../../src/orders/order.ts'
import { at, leeds, unitsOf, york } from './generators.ts'
import { frozen, sumOf } from './property.ts'

const product = (index: number, quantity: number, unitPrice: number, discount: number): PlacedLine => ({
  sku: `sku${index}` as Sku,
  name: 'x',
  quantity,
  unitPrice,
  discount: Math.min(discount, quantity * unitPrice),
  kind: 'product',
  grams: 100,
  ifShort: index % 2 === 0 ? 'refuse' : 'backorder',
})
const bundle = (parent: number, quantity: number, unitPrice: number): PlacedLine[] => [
  { ...product(parent, quantity, unitPrice, 3), kind: 'bundle' },
  { ...product(parent + 1, quantity * 2, 0, 0), kind: 'component', parent },
  { ...product(parent + 2, quantity, 0, 0), kind: 'component', parent },
]

/** Two or three products and perhaps a bundle, paid here, on account or settled outside. */
export const placement: fc.Arbitrary<Placed> = fc
  .record({
    products: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(500), fc.nat(60)), { minLength: 1, maxLength: 3 }),
    bundled: fc.option(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(900))),
    shipping: fc.nat(300),
    terms: fc.constantFrom('prepaid' as const, 'prepaid' as const, 'on_account' as const),
    expires: fc.boolean(),
  })
  .map(({ products, bundled, shipping, terms, expires }): Placed => {
    const goods = products.map(([quantity, unitPrice, discount], index) => product(index, quantity, unitPrice, discount))
    const lines = bundled === null ? goods : [...goods, ...bundle(goods.length, ...bundled)]
    const subtotal = sumOf(lines.map(({ quantity, unitPrice }) => quantity * unitPrice))
    const discount = sumOf(lines.map((line) => line.discount))
    return {
      type: 'OrderPlaced',
      number: 7,
      placedAt: at,
      channel: 'web',
      source: 'Web',
      dialect: 'v1',
      currency: 'GBP',
      lines,
      totals: { subtotal, discount, shipping, tax: 0, total: subtotal - discount + shipping },
      terms,
      capture: 'placement',
      onShortage: 'refuse',
      destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
      shippingMethod: 'standard',
      ...(expires ? { expiresAt: later(1) } : {}),
    }
  })

const later = (hours: number): Instant => new Date(Date.parse(at) + hours * 3_600_000).toISOString() as Instant

const someUnits = unitsOf(6, 3)
const steps = ['pending', 'authorized', 'captured', 'captured', 'refunded', 'voided', 'failed', 'unknown'] as const
export const orderStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('money' as const),
      payment: fc.constantFrom('p', 'q'),
      step: fc.constantFrom<MoneyStep>(...steps),
      percent: fc.constantFrom(0, 10, 100, 100, 100, 120),
      reopen: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('expire' as const), hours: fc.nat(2) }),
  fc.record({ do: fc.constant('cancel' as const), lines: fc.option(someUnits, { nil: undefined }) }),
  fc.record({
    do: fc.constant('change' as const),
    lines: fc.array(fc.record({ line: fc.nat(5), quantity: fc.nat(7) }), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ do: fc.constant('short' as const), lines: someUnits, again: fc.boolean() }),
  fc.record({ do: fc.constant('fill' as const), most: fc.nat(3) }),
  fc.record({ do: fc.constant('lose' as const) }),
  fc.record({ do: fc.constant('choose' as const), choice: fc.constantFrom('wait' as const, 'split' as const, 'cancel' as const) }),
  fc.record({
    do: fc.constant('hold' as const),
    hold: fc.constantFrom('h', 'i'),
    blocks: fc.constantFrom('release' as const, 'collection' as const),
  }),
  fc.record({ do: fc.constant('unhold' as const), hold: fc.constantFrom('h', 'i') }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pack' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('parcel' as const), most: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('news' as const), pick: fc.nat(3) }) },
  fc.record({ do: fc.constant('return' as const), lines: someUnits }),
  fc.record({ do: fc.constant('note' as const) }),
)
export type OrderStep = typeof orderStep extends fc.Arbitrary<infer Value> ? Value : never
export const orderLife = fc.tuple(placement, fc.array(orderStep, { minLength: 3, maxLength: 25, size: 'max' }))

const parcelSteps = ['label_created', 'picked_up', 'in_transit', 'delivered'] as const

export class OrderLife {
  order: Order = unplaced
  readonly events: OrderEvent[] = []
  readonly #parcels: { id: string; lines: readonly LineUnits[]; step: number }[] = []

  constructor(placed: Placed) {
    this.#keep([placed])
    this.#follow(placed, true)
    this.#keep(settle(this.order))
  }

  get live(): Live {
    if (this.order.status !== 'live') throw new Error('the order was placed')
    return this.order
  }

  /** What the step comes to as a command; undefined where there is nothing to do it with. */
  command(step: OrderStep): OrderCommand | undefined {
    const { placed, progress } = this.live
    const known = (units: readonly LineUnits[]) => units.filter(({ line }) => line < placed.lines.length)
    switch (step.do) {
      case 'money':
        return {
          do: 'recordMoney',
          payment: step.payment,
          step: step.step,
          amount: Math.floor((placed.totals.total * step.percent) / 100),
          reopen: step.reopen,
          at,
        }
      case 'expire':
        return { do: 'expire', at: later(step.hours) }
      case 'cancel':
        return { do: 'cancel', reason: 'x', by: 'c', refund: 'auto', lines: step.lines, at }
      case 'change':
        return { do: 'changeUnits', reason: 'x', by: 'c', lines: step.lines, at }
      case 'short':
        return { do: 'reportShort', place: leeds, lines: known(step.lines), at }
      case 'fill': {
        const fills = progress.counters.backordered.flatMap((units, line) => {
          const quantity = Math.min(units, step.most)
          return quantity > 0 ? [{ line, quantity, place: york }] : []
        })
        return fills.length === 0 ? undefined : { do: 'recordFill', fills, at }
      }
      case 'lose':
        return {
          do: 'followSupply',
          moved: [],
          lost: progress.counters.backordered.map((quantity, line) => ({ line, quantity })),
          at,
        }
      case 'choose':
        return { do: 'choose', choice: step.choice, by: 'c', at }
      case 'hold':
        return { do: 'hold', hold: step.hold, kind: step.hold, blocks: step.blocks, by: 'c', at }
      case 'unhold':
        return { do: 'release', hold: step.hold, by: 'c', at }
      case 'pack': {
        if (progress.assembled === 0 || progress.phase !== 'open') return undefined
        const lines = progress.counters.current.flatMap((units, line) => {
          const quantity = units - (progress.counters.picked[line] ?? 0)
          return quantity > 0 ? [{ line, quantity }] : []
        })
        const fulfilment = `f${progress.fulfilments.length}`
        return lines.length === 0 ? undefined : { do: 'followFulfilment', fulfilment, place: leeds, status: 'packed', lines, at }
      }
      case 'parcel': {
        if (progress.assembled === 0 || progress.phase !== 'open') return undefined
        const boxed = (line: number): number =>
          sumOf(
            this.#parcels
              .filter(({ step: far }) => far === 0)
              .flatMap(({ lines }) => lines.map((units) => (units.line === line ? units.quantity : 0))),
          )
        const lines = progress.counters.reserved.flatMap((units, line) => {
          const quantity = Math.min(step.most, units - boxed(line))
          return quantity > 0 ? [{ line, quantity }] : []
        })
        if (lines.length === 0) return undefined
        this.#parcels.push({ id: `parcel${this.#parcels.length}`, lines, step: 0 })
        return this.#news(this.#parcels.length - 1, 0)
      }
      case 'news': {
        const number = step.pick % Math.max(1, this.#parcels.length)
        const parcel = this.#parcels[number]
        if (parcel === undefined || parcel.step >= parcelSteps.length - 1) return undefined
        // What was cancelled or found short meanwhile was taken out of its parcel by the warehouse.
        if (parcel.step === 0 && parcel.lines.some(({ line, quantity }) => quantity > (progress.counters.reserved[line] ?? 0)))
          return undefined
        parcel.step += 1
        return this.#news(number, parcel.step)
      }
      case 'return':
        return { do: 'recordReturn', return: 'r', lines: known(step.lines), refund: 0, at }
      case 'note':
        return { do: 'addNote', note: 'n' as PersonRef, by: 'c', at }
    }
  }

  #news(number: number, far: number): OrderCommand | undefined {
    const parcel = this.#parcels[number]
    const status = parcelSteps[far]
    if (parcel === undefined || status === undefined) return undefined
    return { do: 'followParcel', parcel: parcel.id, fulfilment: 'f', status, carrier: 'c', attempts: 0, lines: parcel.lines, at }
  }

  /** Decides and keeps; the new events, none where it was refused. */
  run(command: OrderCommand, again = true): readonly OrderEvent[] {
    const decided = orderDecider.decide(frozen(command), frozen(this.order))
    if (isRefusal(decided)) return []
    const before = this.events.length
    for (const event of decided) {
      this.#keep([event])
      this.#follow(event, again)
    }
    this.#keep(settle(this.order))
    return this.events.slice(before)
  }

  #keep(events: readonly OrderEvent[]): void {
    for (const event of events) {
      this.order = frozen(orderDecider.evolve(this.order, frozen(event)))
      this.events.push(event)
    }
  }

  /** Stock's answer: there is always more of everything, at the other place; with `again` false units are given up. */
  #follow(event: OrderEvent, again: boolean): void {
    if (event.type === 'OrderPlaced' || event.type === 'OrderReopened')
      this.#reserve(this.live.progress.counters.current, event.type === 'OrderPlaced')
    else if (event.type === 'UnitsAdded') this.#reserve(this.#byLine(event.lines), false)
    else if (event.type === 'SupplyFailed') this.#keep([{ type: 'ChoiceOffered', lines: event.lines }])
    else if (event.type === 'UnitsShort') {
      if (again) return this.#reserve(this.#byLine(event.lines), false)
      const { placed, progress } = this.live
      const isAll = sumOf(event.lines.map(({ quantity }) => quantity)) >= sumOf(progress.counters.current)
      if (isAll) this.#keep([{ type: 'OrderCancelled', reason: 'not_found', refund: 'auto' }])
      else {
        const totals = totalsWithout(placed, progress.counters, event.lines)
        this.#keep([{ type: 'UnitsCancelled', reason: 'not_found', lines: event.lines, totals, refund: 'auto' }])
      }
    }
  }

  #byLine(units: readonly LineUnits[]): readonly number[] {
    return this.live.placed.lines.map((_, line) => sumOf(units.map((one) => (one.line === line ? one.quantity : 0))))
  }

  #reserve(quantities: readonly number[], mayWait: boolean): void {
    const lines = quantities.flatMap((quantity, line): ShipmentLine[] => {
      const placed = this.live.placed.lines[line]
      if (quantity === 0 || placed === undefined) return []
      const waits = mayWait && placed.ifShort === 'backorder' && placed.kind === 'product'
      return [
        {
          line,
          sku: placed.sku,
          quantity,
          from: leeds,
          ...(waits ? { kind: 'backorder', ready: '2026-12-01' as Day } : { kind: 'stock' }),
        },
      ]
    })
    const shipment = (place: Place, units: readonly ShipmentLine[]): Shipment[] =>
      units.length === 0 ? [] : [{ place, dispatch: '2026-11-21' as Day, arrives: '2026-11-23' as Day, lines: units }]
    const shipments = shipment(leeds, lines)
    if (shipments.length > 0) this.#keep([{ type: 'StockReserved', shipments }])
  }
}
