/** What the dialects ask for, filled in from the rooms: the seam between `dialects/` and the rest of the shop. */
import type { Carts } from './carts/service.ts'
import { sameness } from './carts/contract.ts'
import { userOwner } from './carts/service-owner.ts'
import type { Catalog } from './catalog/service.ts'
import type {
  DialectPorts,
  ItemSeen,
  OrderPorts,
  OrderSeen,
  PaymentPorts,
  ProductPorts,
  ProfileSaid,
  Stepped,
  UserPorts,
} from './dialects/ports.ts'
import { countryCode } from './dialects/countries.ts'
import type { Fulfilment } from './fulfilment/room.ts'
import { addressOf, type Profile } from './identity/users.ts'
import type { Users } from './identity/users-service.ts'
import type { StockQueries } from './inventory/contract.ts'
import { free } from './inventory/levels.ts'
import type { Inventory } from './inventory/service.ts'
import type { InventoryRepository } from './inventory/store.ts'
import type { Warehouses } from './inventory/warehouses-service.ts'
import { isRefusal, type Refusal, refuse } from './kernel/decider.ts'
import type { Origin } from './kernel/event.ts'
import type { Instant, OrderId, Sku } from './kernel/ids.ts'
import { microBatch } from './kernel/micro-batch.ts'
import { lineState } from './orders/derive.ts'
import { type IntakePorts, intakeOrder } from './orders/intake-service.ts'
import type { Live } from './orders/order.ts'
import type { Placement } from './orders/placement-service.ts'
import type { OrderReads } from './orders/reads-service.ts'
import { uuid } from './orders/schemas.ts'
import type { OrderService } from './orders/service.ts'
import type { PaymentsRoom } from './payments/room.ts'
import type { WakeUps } from './platform/bus/wake.ts'
import { newId } from './platform/ids.ts'
import type { KeyClaim, Records } from './platform/records/records.ts'
import type { Batches } from './platform/store/work.ts'
import type { Shipping } from './shipping/room.ts'

export type DialectRooms = Readonly<{
  batches: Batches
  records: Records
  wakeUps: WakeUps
  catalog: Catalog
  inventory: Inventory
  stockStore: InventoryRepository
  warehouses: Warehouses
  placement: Placement
  orders: OrderService
  reads: OrderReads
  intake: IntakePorts
  carts: Carts
  users: Users
  payments: PaymentsRoom
  fulfilment: Fulfilment
  shipping: Shipping
  /** WAYBILL_PAYMENT (requirement T3). */
  payment: 'outside' | 'required'
}>

export const dialectPorts = (rooms: DialectRooms): DialectPorts => ({
  now: rooms.intake.now,
  orders: orderPorts(rooms),
  products: productPorts(rooms),
  carts: cartPorts(rooms.carts),
  users: userPorts(rooms),
  payments: paymentPorts(rooms),
})

/** Sellable stock as it is now, over all places. */
export const stockQueries = (repository: Pick<InventoryRepository, 'readLevels'>): StockQueries => {
  const levels: StockQueries['levels'] = async (skus) =>
    (await repository.readLevels([...new Set(skus)])).map((row) => ({ ...row, available: free(row) }))
  return {
    levels,
    available: async (skus) => {
      const sums = new Map<Sku, number>(skus.map((sku) => [sku, 0]))
      for (const { sku, available } of await levels(skus)) sums.set(sku, (sums.get(sku) ?? 0) + available)
      return sums
    },
  }
}

/** Reads of one turn share a statement, as orders' reads do: at a flash sale every order asks for its user. */
const contactLimits = { itemsMax: 256, inFlightMax: 2, waitingMax: 10_000 } as const

/** What a known user left us, as placing an order wants it. A plain address is in the shop's own country. */
export const contactsFrom = (users: Users, homeCountry: () => string): IntakePorts['contactOf'] => {
  const together = microBatch(
    'users.contacts',
    async (ids: readonly string[]) => {
      const found = await users.contactOf(ids)
      return ids.map((id) => found.get(id))
    },
    contactLimits,
  )
  return async (user) => {
    const known = await together(user)
    if (known === undefined) return undefined
    const { name, email, phone, address, group } = known
    const grouped = group === undefined || group === '' ? {} : { group }
    const customer = Object.fromEntries(
      Object.entries({ name, email, phone: phone ?? address?.phoneNumber }).flatMap(([field, value]) =>
        value === undefined || value === '' ? [] : [[field, value] as const],
      ),
    )
    const country = address === undefined || address.country === '' ? homeCountry() : countryCode(address.country)
    if (address === undefined || country === undefined || (address.address === '' && address.postalCode === ''))
      return { customer, ...grouped }
    return {
      customer,
      ...grouped,
      address: {
        country,
        ...(name === undefined ? {} : { name }),
        ...(address.address === '' ? {} : { lines: [address.address] }),
        ...(address.postalCode === '' ? {} : { postalCode: address.postalCode }),
        ...(address.phoneNumber === '' ? {} : { phone: address.phoneNumber }),
      },
    }
  }
}

const orderSeen = (id: OrderId, version: number, order: Live): OrderSeen => {
  const { placed, progress } = order
  return {
    id,
    version,
    user: placed.user,
    status: progress.status,
    placedAt: placed.placedAt,
    currency: placed.currency,
    total: progress.totals.total,
    items: placed.lines.flatMap((line, index) =>
      line.kind === 'product' || line.kind === 'bundle' ? [itemSeen(order, index)] : [],
    ),
    prepaid: placed.terms === 'prepaid',
    secured: progress.secured,
    held: progress.holds.length > 0,
    closedReason: progress.closedReason,
    places: [...new Set([...progress.fulfilments, ...progress.plan].map(({ place }) => place))],
    carriers: [...new Set(progress.parcels.map(({ carrier }) => carrier))],
  }
}

/** A bundle is what its components are: waiting while one of them is, cancelled when all are. */
const itemSeen = (order: Live, index: number): ItemSeen => {
  const { placed, progress } = order
  const line = placed.lines[index]
  if (line === undefined) throw new Error(`no line ${index}`)
  const parts = line.kind === 'bundle' ? placed.lines.flatMap((part, at) => (part.parent === index ? [at] : [])) : [index]
  const states = parts.map((at) => lineState(order, at))
  const per = (at: number): number => (placed.lines[at]?.quantity ?? 1) / line.quantity
  const expected = progress.plan
    .flatMap(({ lines }) => lines.flatMap((part) => (parts.includes(part.line) && part.ready !== undefined ? [part.ready] : [])))
    .sort()
    .at(-1)
  return {
    line: index,
    sku: line.sku,
    ordered: line.quantity,
    current: Math.min(...parts.map((at) => Math.floor((progress.counters.current[at] ?? 0) / per(at)))),
    unitPrice: line.unitPrice,
    state: states.every((state) => state === 'cancelled')
      ? 'cancelled'
      : states.some((state) => state === 'pending' || state === 'backordered' || state === 'preordered')
        ? 'waiting'
        : 'had',
    expected,
  }
}

const isOrderId = new RegExp(uuid)
/** Reactions are milliseconds behind; a caller waits for them so long, and is told as it is then. */
const patienceMs = 2_000
const lookAgainMs = 50

const orderPorts = (rooms: DialectRooms): OrderPorts => {
  const { placement, orders, reads, intake, records, batches, fulfilment, shipping, wakeUps, payment } = rooms
  const read = async (id: string): Promise<OrderSeen | undefined> => {
    if (!isOrderId.test(id)) return undefined
    const found = await reads.one(id.toLowerCase() as OrderId)
    return found === undefined ? undefined : orderSeen(found.id, found.version, found.order)
  }
  const stepped = (outcome: Awaited<ReturnType<OrderService['handle']>>): Stepped | Refusal =>
    isRefusal(outcome)
      ? outcome
      : {
          order: orderSeen(outcome.id, outcome.version, outcome.order),
          replayed: outcome.replayed,
          changed: outcome.events.length > 0 || outcome.replayed,
        }
  const patiently = patience(wakeUps)
  return {
    read,
    place: async (asked) => {
      const prepaid = payment === 'required' || asked.paymentMethod !== undefined
      const taken = await intakeOrder(intake, {
        dialect: asked.dialect,
        channel: 'web',
        source: 'Web',
        user: asked.user,
        lines: asked.items,
        promotionCodes: [],
        onShortage: asked.onShortage,
        shippingMethod: 'standard',
        terms: prepaid ? 'prepaid' : 'outside',
        capture: 'placement',
        paymentMethod: asked.paymentMethod,
        origin: asked.origin,
        key: asked.key,
        cart: asked.cart && { cartId: asked.cart.cartId, owner: userOwner(asked.user), items: sameness(asked.cart.items) },
      })
      if (isRefusal(taken)) return taken
      const outcome = await placement.place(taken)
      if (isRefusal(outcome)) return outcome
      const { id, version, order, replayed } = outcome
      return { order: orderSeen(id, version, order), replayed, changed: !replayed }
    },
    cancel: async ({ id, reason, origin, key, expected }) =>
      stepped(
        await orders.handle({ id, command: { do: 'cancel', reason, by: origin.actor, refund: 'auto' }, origin, key, expected }),
      ),
    change: async ({ id, reason, origin, key, expected, lines }) =>
      stepped(await orders.handle({ id, command: { do: 'changeUnits', reason, by: origin.actor, lines }, origin, key, expected })),
    known: async (key) => [...(await batches.batch((work) => records.claimed(work, [key]))).values()][0],
    ship: async (id, origin, pack) => {
      const assemble = () => fulfilment.service.assembleAll(id, origin)
      const packed = pack
        ? await patiently(assemble, (outcome) => !(isRefusal(outcome) && outcome.refused === 'nothing_to_assemble'))
        : { packed: [] }
      if (isRefusal(packed)) return packed
      const handed = await shipping.service.handOver(id, origin, packed.packed)
      return isRefusal(handed) ? handed : undefined
    },
    deliver: async (id, origin) => {
      const delivered = await shipping.service.markDelivered(id, origin)
      return isRefusal(delivered) ? delivered : undefined
    },
    reaching: (id, statuses) =>
      patiently(
        () => read(id),
        (order) => order === undefined || statuses.includes(order.status),
      ),
  }
}

const patience =
  (wakeUps: WakeUps) =>
  async <Value>(look: () => Promise<Value>, isThere: (value: Value) => boolean): Promise<Value> => {
    const end = performance.now() + patienceMs
    for (;;) {
      const value = await look()
      if (isThere(value) || performance.now() > end) return value
      await nextCommit(wakeUps)
    }
  }

const nextCommit = (wakeUps: WakeUps): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, lookAgainMs)
    wakeUps.once(() => {
      clearTimeout(timer)
      resolve()
    })
  })

const productPorts = ({ catalog, inventory, stockStore, warehouses }: DialectRooms): ProductPorts => {
  const stock = stockQueries(stockStore)
  const read: ProductPorts['read'] = async (sku) => {
    await catalog.ensure([sku])
    const product = catalog.product(sku)
    if (product === undefined || product.archived) return undefined
    const { name, unitPrice, currency, version, components } = product
    const parts = components.length === 0 ? [{ sku: product.sku, quantity: 1 }] : components
    const available = await stock.available(parts.map((part) => part.sku))
    const sellable = Math.min(...parts.map((part) => Math.floor((available.get(part.sku) ?? 0) / part.quantity)))
    return { sku: product.sku, name, unitPrice, currency, version, stock: sellable }
  }
  /** The difference goes to the place that has most of it; what is taken away is taken where it is free. */
  const restock = async (sku: Sku, target: number, origin: Origin): Promise<Refusal | undefined> => {
    const levels = [...(await stock.levels([sku]))].sort((a, b) => b.available - a.available)
    let difference = target - levels.reduce((sum, { available }) => sum + available, 0)
    const adjust = async (place: (typeof levels)[number]['place'], by: number): Promise<Refusal | undefined> => {
      const outcome = await inventory.handle({ command: { do: 'adjust', sku, place, by, reason: 'set over dialect B' }, origin })
      return isRefusal(outcome) ? outcome : undefined
    }
    if (difference > 0) {
      const place = levels[0]?.place ?? (await warehouses.read())[0]?.id
      return place === undefined
        ? refuse('warehouse_missing', 'stock: there is no warehouse that could hold it')
        : adjust(place, difference)
    }
    for (const { place, available } of levels) {
      const by = Math.max(difference, -available)
      const refusal = by === 0 ? undefined : await adjust(place, by)
      if (refusal !== undefined) return refusal
      difference -= by
    }
    return undefined
  }
  return {
    read,
    change: async (id, { stock: target, ...said }, origin, expected) => {
      const [product] = await catalog.stores.products.get([id])
      if (product === undefined) return refuse('product_not_found', `there is no product ${id}`)
      const { sku, name, unitPrice, currency } = product
      const draft = {
        sku,
        currency,
        name: said.name ?? name,
        unitPrice: said.unitPrice ?? unitPrice,
        description: said.description,
      }
      const [saved] = await catalog.changeProducts([{ do: 'save', draft, expected }], origin)
      if (isRefusal(saved)) return saved
      const refusal = target === undefined ? undefined : await restock(sku, target, origin)
      if (refusal !== undefined) return refusal
      return (await read(id)) ?? refuse('product_not_found', `${id} is no longer sold`)
    },
  }
}

const cartPorts = (carts: Carts): DialectPorts['carts'] => ({
  read: (user) => carts.cartOf(userOwner(user)),
  add: (user, sku, quantity, expected) => carts.add(userOwner(user), sku, quantity, expected),
  change: (user, sku, quantity, expected) => carts.change(userOwner(user), sku, quantity, expected),
  remove: (user, sku, expected) => carts.remove(userOwner(user), sku, expected),
  empty: (user, expected) => carts.empty(userOwner(user), expected),
})

const profileOf = ({ name, email, address }: ProfileSaid): Profile => ({
  name,
  email,
  address: address === undefined ? undefined : addressOf(address),
})

const userPorts = ({ users, intake }: DialectRooms): UserPorts => ({
  create: (userId, profile, origin) => users.create({ userId, profile: profileOf(profile) }, origin),
  read: (userId) => users.view(userId),
  update: (userId, profile, origin, expected) => users.update(userId, profileOf(profile), origin, expected),
  delete: (userId, origin, expected) => users.delete(userId, origin, expected),
  deliverable: (country, postalCode) => (intake.geocode(country, postalCode) ?? intake.geocode(country)) !== undefined,
})

/** Hosted pages are made by a task, usually within milliseconds. */
const paymentPorts = ({ payments, reads, intake, wakeUps }: DialectRooms): PaymentPorts => {
  const patiently = patience(wakeUps)
  const ofOrder: PaymentPorts['ofOrder'] = async (id) => (await payments.queries.ofOrders([id])).get(id) ?? []
  const one = async (order: OrderId, id: string) => {
    const found = (await ofOrder(order)).find((payment) => payment.id === id)
    if (found === undefined) throw new Error(`payment ${id} was there a moment ago`)
    return found
  }
  return {
    ofOrder,
    start: async (order, method, origin, key) => {
      const facts = (await reads.facts([order])).get(order)
      if (facts === undefined) return refuse('order_not_found', `There is no order ${order}.`)
      // A prepaid order's first payment is started by a reaction: a second one beside it could be paid twice.
      if (!facts.secured)
        await patiently(
          () => ofOrder(order),
          (payments) => payments.length > 0,
        )
      const claim = key ?? once(origin, intake.now())
      const outcome = await payments.service.attempt(facts, method, { origin, key: claim })
      // The page that is open already is the one to pay on.
      const open = isRefusal(outcome) && outcome.refused === 'payment_open' ? outcome.about?.['payment'] : undefined
      if (isRefusal(outcome) && typeof open !== 'string') return outcome
      const id = typeof open === 'string' ? open : isRefusal(outcome) ? '' : outcome.id
      return patiently(
        () => one(order, id),
        ({ paymentUrl, status }) => paymentUrl !== undefined || status !== 'pending',
      )
    },
  }
}

/** Without an Idempotency-Key each request is one of its own. */
const once = (origin: Origin, now: Instant): KeyClaim => ({
  scope: `${origin.actor}:startPayment`,
  key: newId(now),
  hash: '',
  expiresAt: now,
})
