/** Random commands for the other lives: a warehouse's work, a transfer, a parcel, a payment, a return. */
import fc from 'fast-check'
import { type Decider, isRefusal } from '../../src/kernel/decider.ts'
import type { Instant, OrderId, Sku } from '../../src/kernel/ids.ts'
import type { FulfilmentCommand } from '../../src/fulfilment/fulfilment-order.ts'
import type { TransferCommand } from '../../src/fulfilment/transfer.ts'
import type { PaymentCommand } from '../../src/payments/payment.ts'
import type { ParcelStatus } from '../../src/orders/contract.ts'
import type { ParcelCommand } from '../../src/shipping/parcel.ts'
import { at, id, leeds, place, soon, unitsOf, york } from './generators.ts'
import { frozen } from './property.ts'

export const order = 'order' as OrderId

/** One life: what was decided, in order; every state and event is frozen, so that no rule can write into them. */
export class Life<Command, Event, State> {
  readonly #decider: Decider<Command, Event, State, string>
  readonly events: Event[] = []
  state: State

  constructor(decider: Decider<Command, Event, State, string>) {
    this.#decider = decider
    this.state = decider.initial
  }

  /** The new events; undefined where the command was refused. */
  run(command: Command): readonly Event[] | undefined {
    const decided = this.#decider.decide(frozen(command), frozen(this.state))
    if (isRefusal(decided)) return undefined
    for (const event of decided) {
      this.events.push(frozen(event))
      this.state = frozen(this.#decider.evolve(this.state, event))
    }
    return decided
  }

  /** Whether the command would change anything now. */
  wouldChange(command: Command): boolean {
    const decided = this.#decider.decide(command, this.state)
    return !isRefusal(decided) && decided.length > 0
  }
}

const now = fc.constant(at)
const constant = <const Value>(value: Value): fc.Arbitrary<Value> => fc.constant(value)
const some = unitsOf(3)
const rarely = fc.nat(9).map((number) => number === 0)
const perhaps = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })

/** Three lines: some units here, some travel here, some are awaited. */
export const workPlan: fc.Arbitrary<FulfilmentCommand> = fc
  .record({
    quantities: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(2), fc.nat(2)),
    torn: fc.boolean(),
    held: rarely,
  })
  .map(({ quantities: [here, coming, awaited], torn, held }): FulfilmentCommand => {
    const base = { order, number: 7, place: leeds, held, country: 'GB', postalCode: 'LS1', shippingMethod: 'standard' }
    const line = (index: number, quantity: number) => ({ line: index, sku: `sku${index}` as Sku, quantity })
    const bundle = torn ? { bundle: 9 } : {}
    return {
      do: 'plan',
      ...base,
      addressPending: false,
      at,
      lines: [
        { ...line(0, here), from: leeds, kind: 'stock', ...bundle },
        ...(coming > 0 ? [{ ...line(1, coming), from: york, kind: 'transfer' as const, ...bundle }] : []),
        ...(awaited > 0 ? [{ ...line(2, awaited), from: leeds, kind: 'backorder' as const }] : []),
      ],
    }
  })

/** In two parcels: what goes into which is the warehouse's to say, when it has something to pack. */
const splitPack: FulfilmentCommand = {
  do: 'pack',
  parcels: [
    { parcel: 'a', lines: [] },
    { parcel: 'b', lines: [] },
  ],
  at,
}
const everything = [0, 1, 2].map((line) => ({ line, quantity: 9 }))
/** What brings work on is frequent, what ends it is rare: most lives end with a parcel. */
export const workCommand: fc.Arbitrary<FulfilmentCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<FulfilmentCommand>(
      { do: 'arrive', lines: everything, via: 'transfer', place: leeds, at },
      { do: 'arrive', lines: everything, via: 'supply', place: leeds, at },
      { do: 'hold', release: false, collection: false, at },
    ),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: constant('pick'), lines: fc.oneof({ weight: 3, arbitrary: constant(undefined) }, some), at: now }),
  },
  { weight: 8, arbitrary: id.map((parcel): FulfilmentCommand => ({ do: 'pack', parcels: [{ parcel }], at })) },
  { weight: 8, arbitrary: constant(splitPack) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('parcelCollected' as const, 'parcelCollected' as const, 'parcelDelivered' as const),
      parcel: id,
      at: now,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: constant('reduce'), lines: unitsOf(3, 2), reason: constant('x'), at: now }) },
  fc.record({
    do: constant('reduce'),
    lines: fc.nat(5).map((number) => (number === 0 ? 'all' : [])),
    reason: constant('x'),
    at: now,
  }),
  fc.record({ do: constant('putBack'), lines: perhaps(some), at: now }),
  fc.record({
    do: constant('arrive'),
    lines: some,
    via: fc.constantFrom('transfer' as const, 'supply' as const),
    place: constant(leeds),
    at: now,
  }),
  fc.record({ do: constant('giveUp'), lines: some, reason: fc.constantFrom('declined' as const, 'lost' as const), at: now }),
  fc.record({ do: constant('reroute'), lines: some, from: constant(york), at: now }),
  fc.record({ do: constant('hold'), release: fc.boolean(), collection: fc.boolean(), at: now }),
  fc.record({ do: constant('short'), lines: some, by: constant('w'), at: now }),
  fc.record({
    do: constant('address'),
    country: fc.constantFrom('GB', 'IE'),
    postalCode: constant('X'),
    pending: fc.boolean(),
    at: now,
  }),
)

export const transferRequest: fc.Arbitrary<TransferCommand> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.nat(4))
  .map(([first, second]): TransferCommand => {
    const lines = [first, second].flatMap((quantity, line) => (quantity > 0 ? [{ line, sku: `sku${line}` as Sku, quantity }] : []))
    return { do: 'request', order, fulfilment: 'f', from: york, to: leeds, lines, at }
  })
const few = fc.array(fc.record({ line: fc.nat(1), quantity: fc.integer({ min: 1, max: 2 }) }), { maxLength: 2 })
/** Sent early and received bit by bit, so that lives go on: whatever ends them is rare. */
export const transferCommand: fc.Arbitrary<TransferCommand> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: constant('send'), at: now }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: constant('receive'),
      lines: few,
      damaged: perhaps(few),
      missing: constant(undefined),
      close: rarely,
      at: now,
    }),
  },
  fc.record({ do: constant('receive'), lines: perhaps(few), damaged: perhaps(few), missing: perhaps(few), at: now }),
  fc.record({ do: constant('decline'), lines: perhaps(few), at: now }),
  fc.record({ do: constant('cancel'), lines: perhaps(few), reason: constant('x'), at: now }),
  fc.record({
    do: constant('request'),
    from: place,
    to: place,
    lines: constant([{ line: 0, sku: 'x' as Sku, quantity: 1 }]),
    at: now,
  }),
)

const carrierNews = fc.constantFrom<ParcelStatus>(
  'label_created',
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'ready_for_pickup',
  'failed_attempt',
  'exception',
  'delivered',
  'returned_to_sender',
  'cancelled',
)
export const announcement: ParcelCommand = {
  do: 'announce',
  order,
  number: 7,
  fulfilment: 'f',
  place: leeds,
  carrier: 'simulated',
  service: 'standard',
  weightGrams: 900,
  lines: [{ line: 0, sku: 'a' as Sku, quantity: 2 }],
  country: 'GB',
  postalCode: 'LS1',
  held: false,
  waitsForAddress: false,
  at,
}
const moved = (status: ParcelStatus, happenedAt: Instant): ParcelCommand => ({ do: 'news', status, happenedAt, at: late })
/** After all that happens: nothing is news from tomorrow. */
const late = '2026-12-31T00:00:00.000Z' as Instant
export const parcelNews: fc.Arbitrary<ParcelCommand> = fc.tuple(carrierNews, soon).map(([status, when]) => moved(status, when))
export const parcelCommand: fc.Arbitrary<ParcelCommand> = fc.oneof(
  { weight: 5, arbitrary: parcelNews },
  fc.constantFrom<ParcelCommand>(
    { do: 'handOver', at: late },
    { do: 'deliver', at: late },
    { do: 'cancel', at: late },
    { do: 'hold', held: true, at: late },
    { do: 'hold', held: false, at: late },
    { do: 'label', tracking: 't', labelUrl: 'l', trackingUrl: 'u', at: late },
    { do: 'address', country: 'IE', postalCode: 'D2', waitsForAddress: false, at: late },
    { do: 'address', country: 'IE', postalCode: '', waitsForAddress: true, at: late },
    announcement,
  ),
)

const amount = fc.oneof(fc.integer({ min: -5, max: 130 }), fc.constant(100))
const told = { amount, currency: fc.constantFrom('GBP', 'GBP', 'GBP', 'EUR'), reference: fc.constantFrom('r', 'r', 'r', 's') }
const named = fc.constantFrom('a', 'b', 'c', 'owed-1', 'owed-2', 'placement-1')
export const paymentStart: fc.Arbitrary<PaymentCommand> = fc
  .constantFrom('placement' as const, 'shipment' as const)
  .map((captureAt): PaymentCommand => {
    const goods = [
      { line: 0, quantity: 3, worth: 50 },
      { line: 1, quantity: 2, worth: 41 },
    ]
    return { do: 'start', order, amount: 100, total: 100, currency: 'GBP', method: 'PAYPAL', provider: 'p', captureAt, goods }
  })
export const paymentCommand: fc.Arbitrary<PaymentCommand> = fc.oneof(
  fc.record({ do: constant('pageReady'), url: constant('u'), reference: constant('r') }),
  fc.record({ do: constant('recordSuccess'), ...told, captured: perhaps(fc.boolean()) }),
  fc.record({ do: constant('recordAuthorized'), ...told }),
  fc.record({ do: constant('recordCaptured'), ...told, capture: perhaps(named) }),
  fc.record({ do: fc.constantFrom('recordFailed' as const, 'recordCancelled' as const), reason: constant('x') }),
  fc.record({
    do: constant('recordUnknown'),
    asked: fc.constantFrom('authorize' as const, 'capture' as const, 'refund' as const, 'void' as const),
  }),
  fc.record({ do: constant('requestCapture'), capture: named, amount: perhaps(amount) }),
  fc.record({ do: constant('captureFailed'), capture: named, reason: constant('x') }),
  // A parcel's id is nobody else's.
  fc.record({
    do: constant('billParcel'),
    parcel: named.map((name) => `parcel ${name}`),
    lines: unitsOf(2, 3),
    whole: fc.boolean(),
  }),
  fc.record({ do: constant('requestRefund'), refund: id, amount: perhaps(amount), reason: constant('x') }),
  fc.record({ do: constant('recordRefunded'), refund: named, amount, reference: constant('x') }),
  fc.record({ do: constant('refundFailed'), refund: named, reason: constant('x') }),
  fc.record({ do: constant('requestVoid'), reason: constant('x') }),
  fc.record({ do: constant('recordVoided'), amount }),
  fc.record({
    do: constant('want'),
    amount: fc.nat(120),
    total: fc.nat(120),
    reason: constant('x'),
    cancelled: perhaps(unitsOf(2, 2)),
    closed: perhaps(fc.boolean()),
  }),
)
