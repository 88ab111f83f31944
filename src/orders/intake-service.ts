/**
 * From what a caller asks to a draft that can be placed: priced, addressed, with its terms. Every dialect comes through
 * here, so that an order is the same order whichever way it came.
 */
import { isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Instant } from '../kernel/ids.ts'
import type { AskedLine, Priced, PricedLine, PriceRequest, PricingReason } from '../catalog/contract.ts'
import { digestOf, readSigned } from '../platform/http/cursors.ts'
import type { KeyClaim, Person } from '../platform/records/records.ts'
import type { CaptureAt, Destination, Dialect, OnShortage, PaymentTerms, PlacedLine } from './contract.ts'
import type { CartAsked, Draft, PlaceAsked } from './placement-service.ts'
import { type Held, mismatch, promisePurpose, readHeld, termsOf } from './promise.ts'

export type AskedAddress = Readonly<{
  name?: string
  lines?: readonly string[]
  city?: string
  region?: string
  postalCode?: string
  country: string
  phone?: string
}>
export type Intake = Readonly<{
  dialect: Dialect
  channel: string
  source: string
  user?: string | undefined
  customer?: Readonly<{ email?: string; phone?: string; name?: string; locale?: string }> | undefined
  address?: AskedAddress | undefined
  lines: readonly AskedLine[]
  currency?: string | undefined
  promotionCodes: readonly string[]
  onShortage: OnShortage
  shippingMethod: string
  terms: PaymentTerms
  capture: CaptureAt
  paymentMethod?: string | undefined
  externalRef?: string | undefined
  notes?: string | undefined
  deliveryInstructions?: string | undefined
  origin: Origin
  key?: KeyClaim | undefined
  cart?: CartAsked | undefined
  /** The token of a promise that this order is held to. */
  promise?: string | undefined
  /** In the queue for supply: 0 to 9. */
  priority?: number | undefined
  /** Else the group of the known user. */
  customerGroup?: string | undefined
}>
export type IntakeReason = PricingReason | 'address_undeliverable' | 'promise_invalid' | 'promise_mismatch'

/** What intake asks of others: prices, the map, and what a known user left us. */
export type IntakePorts = Readonly<{
  ensureProducts: (skus: readonly string[]) => Promise<void>
  price: (request: PriceRequest) => Priced | Refusal<PricingReason>
  geocode: (country: string, postalCode?: string) => Readonly<{ latitude: number; longitude: number }> | undefined
  /** The postal code's part that names no household: what facts may carry. */
  area: (country: string, postalCode: string) => string
  contactOf: (
    user: string,
  ) => Promise<
    Readonly<{ customer: Readonly<Record<string, string>>; address?: AskedAddress | undefined; group?: string }> | undefined
  >
  /** Where an order without an address is sourced to: the shop itself. */
  home: () => Destination
  now: () => Instant
  reservationSeconds: number
}>

export const intakeOrder = async (ports: IntakePorts, intake: Intake): Promise<PlaceAsked | Refusal<IntakeReason>> => {
  await ports.ensureProducts(intake.lines.map(({ sku }) => sku))
  const priced = ports.price({
    lines: intake.lines,
    channel: intake.channel,
    promotionCodes: intake.promotionCodes,
    shippingMethod: intake.shippingMethod,
    at: ports.now(),
    ...(intake.currency === undefined ? {} : { currency: intake.currency }),
  })
  if (isRefusal(priced)) return priced
  const known = intake.user === undefined ? undefined : await ports.contactOf(intake.user)
  const address = intake.address ?? known?.address
  const destination = destinationOf(ports, address)
  if (isRefusal(destination)) return destination
  const drawn = draftOf(intake, priced, destination, intake.customerGroup ?? known?.group)
  const held = intake.promise === undefined ? undefined : heldTo(intake.promise, drawn, intake.lines)
  if (isRefusal(held)) return held
  const draft = held === undefined ? drawn : asPromised(drawn, held)
  const timed = intake.terms === 'prepaid' && draft.totals.total > 0
  const person = personOf(intake, known?.customer, address)
  return {
    draft,
    ...(held === undefined ? {} : { promise: held }),
    ...(person === undefined ? {} : { person }),
    ...(timed ? { reservedSeconds: ports.reservationSeconds } : {}),
    origin: intake.origin,
    key: intake.key,
    cart: intake.cart,
  }
}

/** Whether it has expired is decided with the order itself: a retry of one that was placed in time is answered. */
const heldTo = (token: string, draft: Draft, lines: readonly AskedLine[]): Held | Refusal<IntakeReason> => {
  const text = readSigned(promisePurpose, token)
  const held = text === undefined ? undefined : readHeld(text)
  if (held === undefined)
    return refuse('promise_invalid', 'this is no promise of ours: send the token of POST /v1/promises as it came, or none', {
      errors: [{ pointer: '/promise', code: 'promise_invalid' }],
    })
  return mismatch(held.terms, termsOf(draft, lines, digestOf)) ?? held
}

/** Goods are priced today; the day and the price of delivery are what was promised. */
const asPromised = (draft: Draft, { promised, shipping }: Held): Draft => {
  const { totals } = draft
  return { ...draft, promised, totals: { ...totals, shipping, total: totals.total - totals.shipping + shipping } }
}

const draftOf = (intake: Intake, priced: Priced, destination: Destination, group: string | undefined): Draft => ({
  channel: intake.channel,
  source: intake.source,
  dialect: intake.dialect,
  currency: priced.currency,
  lines: priced.lines.map((line) => placedLine(line, intake.onShortage)),
  totals: priced.totals,
  ...(priced.promotions.length === 0 ? {} : { promotions: priced.promotions }),
  terms: intake.terms,
  capture: intake.capture,
  onShortage: intake.onShortage,
  destination,
  shippingMethod: intake.shippingMethod,
  ...(intake.user === undefined ? {} : { user: intake.user }),
  ...(intake.externalRef === undefined ? {} : { externalRef: intake.externalRef }),
  ...(intake.paymentMethod === undefined ? {} : { paymentMethod: intake.paymentMethod }),
  ...(intake.priority === undefined ? {} : { priority: intake.priority }),
  ...(group === undefined ? {} : { customerGroup: group }),
})

const placedLine = ({ whenSoldOut, ...line }: PricedLine, onShortage: OnShortage): PlacedLine => ({
  ...line,
  ifShort: ifShort(onShortage, whenSoldOut),
})

/** Both must allow: what the product may be sold as, and what the buyer accepts (DESIGN §13, Shortage). */
const ifShort = (onShortage: OnShortage, whenSoldOut: PricedLine['whenSoldOut']): PlacedLine['ifShort'] => {
  if (onShortage === 'cancelLine') return 'cancelLine'
  return onShortage === 'backorder' && whenSoldOut !== 'deny' ? whenSoldOut : 'refuse'
}

const destinationOf = (ports: IntakePorts, address: AskedAddress | undefined): Destination | Refusal<IntakeReason> => {
  if (address === undefined) return { ...ports.home(), pending: true }
  const position = ports.geocode(address.country, address.postalCode) ?? ports.geocode(address.country)
  if (position === undefined) {
    return refuse('address_undeliverable', `no delivery to ${address.country}: it is not a country we know`, {
      errors: [{ pointer: '/shippingAddress/country', code: 'unknown_country' }],
    })
  }
  return { country: address.country, postalCode: ports.area(address.country, address.postalCode ?? ''), ...position }
}

const personOf = (
  intake: Intake,
  known: Readonly<Record<string, string>> | undefined,
  address: AskedAddress | undefined,
): Person | undefined => {
  const { notes, deliveryInstructions } = intake
  const person = {
    ...known,
    ...intake.customer,
    ...(intake.customer?.name === undefined && address?.name !== undefined ? { name: address.name } : {}),
    ...(address === undefined ? {} : { shippingAddress: address }),
    ...(notes === undefined ? {} : { notes }),
    ...(deliveryInstructions === undefined ? {} : { deliveryInstructions }),
  }
  return Object.keys(person).length === 0 ? undefined : person
}
