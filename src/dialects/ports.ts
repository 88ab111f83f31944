/**
 * What the dialects ask of the rooms behind them: they translate, the rooms decide. `dialect-ports.ts` fills these in, so
 * that this folder knows no room from the inside.
 */
import type { Refusal } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Day, Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { Dialect, LineUnits, OnShortage, OrderStatus } from '../orders/contract.ts'
import type { CartItemView, CartView } from '../carts/contract.ts'
import type { PaymentView } from '../payments/contract.ts'
import type { KeyClaim } from '../platform/records/records.ts'

/** One thing ordered: a product or a whole bundle. `waiting`: its units are not set aside yet. */
export type ItemSeen = Readonly<{
  line: number
  sku: Sku
  ordered: number
  /** Units that are left of it; 0 when it was cancelled. */
  current: number
  /** Minor units, frozen when ordered. */
  unitPrice: number
  state: 'waiting' | 'had' | 'cancelled'
  /** The day on which what it waits for is expected. */
  expected?: Day | undefined
}>
export type OrderSeen = Readonly<{
  id: OrderId
  version: number
  user: string | undefined
  status: OrderStatus
  placedAt: Instant
  currency: string
  /** Minor units. */
  total: number
  items: readonly ItemSeen[]
  /** It waits, or waited, for its payment here. */
  prepaid: boolean
  secured: boolean
  held: boolean
  closedReason: string | undefined
  /** Where it is assembled, and who carries it. */
  places: readonly Place[]
  carriers: readonly string[]
}>

export type PlaceAsked = Readonly<{
  dialect: Dialect
  user: string
  items: readonly Readonly<{ sku: string; quantity: number }>[]
  onShortage: OnShortage
  paymentMethod?: string | undefined
  cart?: Readonly<{ cartId: string; items: readonly CartItemView[] }> | undefined
  origin: Origin
  key: KeyClaim | undefined
}>
export type StepAsked = Readonly<{
  id: OrderId
  reason: string
  origin: Origin
  key?: KeyClaim | undefined
  /** The version that the caller saw. */
  expected: number | undefined
}>
export type Stepped = Readonly<{ order: OrderSeen; replayed: boolean; changed: boolean }>

export type OrderPorts = Readonly<{
  place: (asked: PlaceAsked) => Promise<Stepped | Refusal>
  read: (id: string) => Promise<OrderSeen | undefined>
  cancel: (asked: StepAsked) => Promise<Stepped | Refusal>
  /** What the named lines shall have afterwards, all together or not at all; 0 cancels a line. */
  change: (asked: StepAsked & Readonly<{ lines: readonly LineUnits[] }>) => Promise<Stepped | Refusal>
  /** What a key was used for. */
  known: (key: KeyClaim) => Promise<Readonly<{ hash: string; object: string }> | undefined>
  /** Picks, packs and hands over all of an order; `pack: false` hands over what is packed. */
  ship: (id: OrderId, origin: Origin, pack: boolean) => Promise<Refusal | undefined>
  deliver: (id: OrderId, origin: Origin) => Promise<Refusal | undefined>
  /** The order when it has come so far, or as it is after a moment's wait: reactions bring parcels' news to it. */
  reaching: (id: OrderId, statuses: readonly OrderStatus[]) => Promise<OrderSeen | undefined>
}>

export type ProductSeen = Readonly<{
  sku: Sku
  name: string
  unitPrice: number
  currency: string
  /** Sellable now, in all warehouses. */
  stock: number
  version: number
}>
export type ProductChange = Readonly<{
  name?: string | undefined
  description?: string | undefined
  unitPrice?: number | undefined
  /** What shall be sellable afterwards. */
  stock?: number | undefined
}>
export type ProductPorts = Readonly<{
  /** Undefined where there is none, or none that is sold. */
  read: (sku: string) => Promise<ProductSeen | undefined>
  change: (sku: string, change: ProductChange, origin: Origin, expected: number | undefined) => Promise<ProductSeen | Refusal>
}>

export type CartPorts = Readonly<{
  read: (user: string) => Promise<CartView>
  add: (user: string, sku: string, quantity: number, expected: number | undefined) => Promise<CartView | Refusal>
  change: (user: string, sku: string, quantity: number, expected: number | undefined) => Promise<CartView | Refusal>
  remove: (user: string, sku: string, expected: number | undefined) => Promise<CartView | Refusal>
  empty: (user: string, expected: number | undefined) => Promise<CartView | Refusal>
}>

/** Requirement C6's destination. */
export type AddressSeen = Readonly<{ country: string; postalCode: string; address: string; phoneNumber: string }>
export type ProfileSaid = Readonly<{
  name?: string | undefined
  email?: string | undefined
  address?: string | Partial<AddressSeen> | undefined
}>
export type UserSeen = Readonly<{
  userId: string
  version: number
  name?: string | undefined
  email?: string | undefined
  address?: AddressSeen | undefined
}>
export type UserPorts = Readonly<{
  create: (userId: string | undefined, profile: ProfileSaid, origin: Origin) => Promise<UserSeen | Refusal>
  read: (userId: string) => Promise<UserSeen | Refusal>
  update: (userId: string, profile: ProfileSaid, origin: Origin, expected: number | undefined) => Promise<UserSeen | Refusal>
  delete: (userId: string, origin: Origin, expected: number | undefined) => Promise<UserSeen | Refusal>
  /** Whether something can be sent there at all. */
  deliverable: (country: string, postalCode: string) => boolean
}>

export type PaymentPorts = Readonly<{
  ofOrder: (id: OrderId) => Promise<readonly PaymentView[]>
  /** Starts an attempt, or finds the one that is open with this method. */
  start: (id: OrderId, method: string, origin: Origin, key: KeyClaim | undefined) => Promise<PaymentView | Refusal>
}>

export type DialectPorts = Readonly<{
  now: () => Instant
  orders: OrderPorts
  products: ProductPorts
  carts: CartPorts
  users: UserPorts
  payments: PaymentPorts
}>
