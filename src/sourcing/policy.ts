/**
 * A policy: what the shop weighs when an order is sourced, what it permits, and which orders it is for. Data, versioned,
 * immutable once it left the draft (docs/reference/policies.md). Pure.
 */
import { type Static, Type } from 'typebox'

/** From here on a weight outweighs any ordinary carriage, so it acts before everything else: 10,000.00. */
export const decisiveCents = 1_000_000
const multiplierMax = 1_000
const centsMax = 1_000_000_000
/** A policy that names more places or countries than this is a network of its own. */
const namedMax = 500
/** Each step may solve every order once more. */
const ladderStepsMax = 10
const closed = { additionalProperties: false } as const

const cents = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: centsMax, description }))
const factor = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: multiplierMax, description }))
const Weights = Type.Object(
  {
    money: factor('× what carriers, picking and transfers cost; 1 is as it is'),
    km: factor('cents a kilometre that a parcel or a transfer travels'),
    perUnitDay: cents('cents a unit and day until it arrives'),
    late: cents('cents a unit and day after the wished date'),
    split: cents('cents a parcel, beyond what it costs'),
    load: cents('cents × utilisation² of the place a parcel leaves from'),
    scarcity: factor('× the replay price of a scarce unit; 1 is as measured, 0 does not look ahead'),
  },
  closed,
)
const Allow = Type.Object(
  {
    transfer: Type.Optional(Type.Boolean()),
    backorder: Type.Optional(Type.Boolean()),
    splitOrder: Type.Optional(Type.Boolean({ description: 'more than one parcel an order' })),
    splitLine: Type.Optional(
      Type.Union([Type.Literal('never'), Type.Literal('whenNeeded')], { description: 'one line from several places' }),
    ),
  },
  closed,
)
const limit = (minimum: number, maximum: number) => Type.Optional(Type.Union([Type.Integer({ minimum, maximum }), Type.Null()]))
const Limits = Type.Object({ maxParcels: limit(1, 2_000), maxTransfers: limit(0, 2_000), maxWaitDays: limit(0, 400) }, closed)
const named = (pattern: string) => Type.Optional(Type.Array(Type.String({ pattern }), { minItems: 1, maxItems: namedMax }))
const placeId = '^[A-Za-z0-9 ._:\\-]{1,64}$'
const country = '^[A-Z]{2}$'
const Filters = Type.Object(
  { warehouses: named(placeId), countries: named(country), exceptWarehouses: named(placeId), exceptCountries: named(country) },
  closed,
)
const word = '^[a-z0-9_-]{1,32}$'
const amount = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'minor units' }))
const When = Type.Object(
  {
    channels: named(word),
    shippingMethods: named(word),
    customerGroups: named(word),
    countries: named(country),
    minTotal: amount,
    maxTotal: amount,
  },
  closed,
)
const parts = {
  weights: Type.Optional(Weights),
  allow: Type.Optional(Allow),
  limits: Type.Optional(Limits),
  filters: Type.Optional(Filters),
}
/** Letters first, so that a name is never taken for a version. */
export const policyNamePattern = '^[A-Za-z][A-Za-z0-9-]{0,39}$'
export const policySchema = Type.Object(
  {
    name: Type.String({ pattern: policyNamePattern }),
    priority: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'among live policies, the lowest is asked first' }),
    ),
    ...parts,
    ladder: Type.Optional(Type.Array(Type.Object(parts, closed), { minItems: 1, maxItems: ladderStepsMax })),
    when: Type.Optional(When),
    mergeOrders: Type.Optional(
      Type.Boolean({ description: 'orders of one customer that leave one place for one address share a parcel' }),
    ),
  },
  closed,
)
/** As somebody writes it: whatever is left out has its default. */
export type PolicyText = Static<typeof policySchema>

export type Weights = Readonly<Record<'money' | 'km' | 'perUnitDay' | 'late' | 'split' | 'load' | 'scarcity', number>>
export type Permissions = Readonly<{
  transfer: boolean
  backorder: boolean
  splitOrder: boolean
  splitLine: 'never' | 'whenNeeded'
}>
export type Limits = Readonly<Record<'maxParcels' | 'maxTransfers' | 'maxWaitDays', number | null>>
export type Filters = Readonly<{
  /** Only these; absent is all. */
  warehouses?: readonly string[]
  /** Only warehouses in these. */
  countries?: readonly string[]
  exceptWarehouses?: readonly string[]
  exceptCountries?: readonly string[]
}>
export type When = Readonly<{
  channels?: readonly string[]
  shippingMethods?: readonly string[]
  customerGroups?: readonly string[]
  countries?: readonly string[]
  minTotal?: number
  maxTotal?: number
}>
/** What one solving of an order obeys. */
export type Terms = Readonly<{ weights: Weights; allow: Permissions; limits: Limits; filters: Filters }>
export type Policy = Terms &
  Readonly<{
    /** `name@version`. */
    id: string
    name: string
    version: number
    priority: number
    /** Tried in turn: the first step that fills the whole order decides. Null: the policy's own terms are all there is. */
    ladder: readonly Terms[] | null
    when: When
    /** Orders of one customer that leave one place for one address share a parcel. Absent: no. */
    mergeOrders?: true
  }>

const priorityDefault = 500
const nothingWeighed: Weights = { money: 0, km: 0, perUnitDay: 0, late: 0, split: 0, load: 0, scarcity: 0 }
const plainWeights: Weights = { ...nothingWeighed, money: 1, scarcity: 1 }
const allAllowed: Permissions = { transfer: true, backorder: true, splitOrder: true, splitLine: 'whenNeeded' }
const noLimits: Limits = { maxParcels: null, maxTransfers: null, maxWaitDays: null }

/** The policy with its defaults filled in. Weights that are named at all stand alone: those left out weigh nothing. */
export const policyOf = (text: PolicyText, version: number): Policy => {
  const base = termsOf(text, { weights: plainWeights, allow: allAllowed, limits: noLimits, filters: {} })
  return {
    id: `${text.name}@${version}`,
    name: text.name,
    version,
    priority: text.priority ?? priorityDefault,
    ...base,
    ladder: text.ladder === undefined ? null : text.ladder.map((step) => termsOf(step, base)),
    when: text.when ?? {},
    ...(text.mergeOrders === true ? { mergeOrders: true } : {}),
  }
}

type TermsText = Pick<PolicyText, 'weights' | 'allow' | 'limits' | 'filters'>
/** A step of a ladder says only in what it differs; filters and weights are said whole. */
const termsOf = (text: TermsText, base: Terms): Terms => ({
  weights: text.weights === undefined ? base.weights : { ...nothingWeighed, ...text.weights },
  allow: { ...base.allow, ...text.allow },
  limits: { ...base.limits, ...text.limits },
  filters: text.filters ?? base.filters,
})

/** What is known of an order when its policy is chosen. */
export type OrderFacts = Readonly<{
  shippingMethod: string
  country: string
  channel?: string | undefined
  /** Minor units of the order's own currency. */
  total?: number | undefined
  group?: string | undefined
}>

/** Live policies in the order in which they are asked. */
export const byPriority = (policies: readonly Policy[]): readonly Policy[] =>
  policies.toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))

/** The first, by priority, whose `when` matches; undefined when none does. @param policies sorted by `byPriority` */
export const choosePolicy = (policies: readonly Policy[], order: OrderFacts): Policy | undefined =>
  policies.find(({ when }) => matches(when, order))

const matches = (when: When, order: OrderFacts): boolean =>
  oneOf(when.channels, order.channel) &&
  oneOf(when.shippingMethods, order.shippingMethod) &&
  oneOf(when.customerGroups, order.group) &&
  oneOf(when.countries, order.country) &&
  (when.minTotal === undefined || (order.total !== undefined && order.total >= when.minTotal)) &&
  (when.maxTotal === undefined || (order.total !== undefined && order.total <= when.maxTotal))

/** What is asked for and not known does not match: a policy for a group is not for strangers. */
const oneOf = (wanted: readonly string[] | undefined, value: string | undefined): boolean =>
  wanted === undefined || (value !== undefined && wanted.includes(value))
