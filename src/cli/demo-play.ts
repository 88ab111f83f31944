/**
 * The outside world of the demo: customers, payer, supplier, pickers and carrier, each acting through the shop's own
 * doors as soon as it may (DESIGN §13, Demo's time). What each does is fixed by the sample, so two runs come to the same.
 */
import { isRefusal } from '../kernel/decider.ts'
import type { OrderId, Sku } from '../kernel/ids.ts'
import type { HistoricalOrder } from '../imports/contract.ts'
import { addressBookIn, readCsvRows, readRetailHistory } from '../imports/contract.ts'
import { intakeOrder } from '../orders/intake-service.ts'
import { newId } from '../platform/ids.ts'
import { join } from 'node:path'
import type { Shop } from '../shop.ts'

const data = join(import.meta.dirname, '..', '..', 'data')
const origin = { actor: 'demo' }
/** Of a hundred customers so many never pay, and so many are finally declined: enough of each to be seen. */
const everyNeverPays = 31
const everyDeclined = 37
/** Seconds an unpaid reservation lives in the demo: long enough to be placed, short enough to be waited for. */
const impatientSeconds = 3
/** Every second waiting product's supply comes while we watch; the others' stays in the future. */
const everySupplied = 2
/** Steps taken together by pickers and carriers. */
const handsMax = 32

export type Customer = Readonly<{ sample: HistoricalOrder; pays: 'pay' | 'refuse' | 'never'; id?: OrderId }>
export type Placed = Readonly<{ id: OrderId; sample: HistoricalOrder; pays: 'pay' | 'refuse' | 'never' }>
export type Watch = Readonly<{ stage: (name: string) => void; step: (done: number, all: number) => void }>

export const sampleOrders = async (): Promise<readonly HistoricalOrder[]> => {
  const history = await readRetailHistory(readCsvRows(join(data, 'sample-orders.csv')))
  return [...history.orders()]
}

/** Those who will not pay come last, so that their stock is given back after everybody has ordered. */
export const customersOf = (samples: readonly HistoricalOrder[]): readonly Customer[] => {
  const customers = samples.map(
    (sample, index): Customer => ({
      sample,
      pays: (index + 1) % everyNeverPays === 0 ? 'never' : (index + 1) % everyDeclined === 0 ? 'refuse' : 'pay',
    }),
  )
  return [...customers.filter(({ pays }) => pays !== 'never'), ...customers.filter(({ pays }) => pays === 'never')]
}

export const placeAll = async (shop: Shop, customers: readonly Customer[], watch: Watch): Promise<readonly Placed[]> => {
  const addresses = addressBookIn(data)()
  const placed: Placed[] = []
  for (const [index, { sample, pays }] of customers.entries()) {
    const who = sample.customer ?? sample.externalRef
    const { country, postalCode, city } = addresses.addressOf(who, sample.country)
    const ask = async (onShortage: 'backorder' | 'cancelLine') => {
      const asked = await intakeOrder(shop.intake, {
        dialect: 'v1',
        channel: 'demo',
        source: 'Web',
        user: sample.customer,
        customer: { name: `Customer ${who}`, email: `customer-${who}@example.com` },
        address: { country, city, ...(postalCode === '' ? {} : { postalCode }) },
        lines: sample.lines.filter(({ kind }) => kind === 'product').map(({ code, quantity }) => ({ sku: code, quantity })),
        promotionCodes: [],
        onShortage,
        shippingMethod: 'standard',
        terms: 'prepaid',
        capture: 'placement',
        origin,
      })
      if (isRefusal(asked)) throw new Error(`order ${sample.externalRef}: ${asked.detail}`)
      return shop.placement.place(pays === 'never' ? { ...asked, reservedSeconds: impatientSeconds } : asked)
    }
    // A buyer who cannot have everything, even later, takes what there is.
    const first = await ask('backorder')
    const outcome = isRefusal(first) && first.refused === 'insufficient_stock' ? await ask('cancelLine') : first
    if (isRefusal(outcome)) throw new Error(`order ${sample.externalRef}: ${outcome.detail}`)
    placed.push({ id: outcome.id, sample, pays })
    watch.step(index + 1, customers.length)
  }
  return placed
}

/** Looks again after every commit until nothing is missing. */
export const until = async (shop: Shop, done: () => Promise<boolean>): Promise<void> => {
  while (!(await done())) await nextCommit(shop)
}

const nextCommit = (shop: Shop): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 200)
    shop.wakeUps.once(() => {
      clearTimeout(timer)
      resolve()
    })
  })

const inHands = async <Item>(items: readonly Item[], act: (item: Item, index: number) => Promise<void>): Promise<void> => {
  const waiting = [...items.entries()].toReversed()
  const hand = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await act(next[1], next[0])
  }
  await Promise.all(Array.from({ length: handsMax }, hand))
}

export const payAll = async (shop: Shop, placed: readonly Placed[], watch: Watch): Promise<void> => {
  const waiting = new Map(placed.map((order) => [order.id as string, order]))
  const references = new Map<string, string>()
  await until(shop, async () => {
    const missing = [...waiting.keys()].filter((id) => !references.has(id)) as OrderId[]
    const [found, facts] = [await shop.payments.queries.ofOrders(missing), await shop.reads.facts(missing)]
    for (const id of missing) {
      const reference = found.get(id)?.[0]?.reference
      if (reference !== undefined) references.set(id, reference)
      // Sold out altogether, or free: there is nothing to pay.
      else if (facts.get(id)?.status !== 'received') waiting.delete(id)
    }
    return [...waiting.keys()].every((id) => references.has(id))
  })
  let done = 0
  const act = async (order: Placed, action: 'pay' | 'refuse'): Promise<void> => {
    const reference = references.get(order.id)
    if (reference !== undefined) await shop.payments.simulated.act(reference, action)
    done += 1
    watch.step(done, placed.length)
  }
  await inHands(
    placed.filter(({ pays }) => pays === 'pay'),
    (order) => act(order, 'pay'),
  )
  for (const order of placed.filter(({ pays }) => pays === 'refuse')) await act(order, 'refuse')
  await until(shop, async () => {
    const facts = await shop.reads.facts([...waiting.values()].filter(({ pays }) => pays !== 'never').map(({ id }) => id))
    return [...facts.values()].every(({ status }) => status !== 'received')
  })
}

/** Customers who took something back on the same day do so here, before anything is packed. */
export const cancelSome = async (shop: Shop, placed: readonly Placed[], watch: Watch): Promise<void> => {
  for (const [index, { id, sample, pays }] of placed.entries()) {
    watch.step(index + 1, placed.length)
    const products = sample.lines.filter(({ kind }) => kind === 'product')
    const back = products.flatMap(({ cancelled }, line) => (cancelled > 0 ? [{ line, quantity: cancelled }] : []))
    if (back.length === 0 || pays !== 'pay') continue
    const order = (await shop.reads.one(id))?.order
    if (order === undefined || order.progress.phase !== 'open') continue
    const lines = back.flatMap(({ line, quantity }) => {
      const units = Math.min(quantity, order.progress.counters.current[line] ?? 0)
      return units > 0 ? [{ line, quantity: units }] : []
    })
    if (lines.length > 0)
      await shop.orders.handle({
        id,
        command: { do: 'cancel', reason: 'customer_request', by: 'demo', refund: 'auto', lines },
        origin,
      })
  }
}

export const letExpire = async (shop: Shop, placed: readonly Placed[]): Promise<void> => {
  const never = placed.filter(({ pays }) => pays === 'never').map(({ id }) => id)
  await until(shop, async () =>
    [...(await shop.reads.facts(never)).values()].every(({ status, secured }) => secured || status !== 'received'),
  )
}

/** The supplier delivers what is due for every second product, in the order of the products. */
export const supply = async (shop: Shop, skus: readonly Sku[], watch: Watch): Promise<void> => {
  for (const [index, sku] of skus.entries()) {
    watch.step(index + 1, skus.length)
    const lots = index % everySupplied === 0 ? await shop.stockStore.readLots([sku]) : []
    for (const lot of lots) {
      if (lot.kind === 'preorder') continue
      await shop.inventory.handle({
        command: { do: 'receiveSupply', supply: lot.id, quantity: lot.quantity - lot.received },
        origin,
      })
    }
  }
}

/** Warehouses and the carrier work until nothing is left that they could do. */
export const workOff = async (shop: Shop, placed: readonly Placed[], watch: Watch): Promise<void> => {
  const mine = new Set<string>(placed.map(({ id }) => id))
  const ids = placed.map(({ id }) => id)
  for (;;) {
    await shop.settled()
    const acted = (await moveTransfers(shop, mine)) + (await pickAndPack(shop, ids)) + (await carry(shop, ids))
    const facts = [...(await shop.reads.facts(ids)).values()]
    watch.step(facts.filter(({ status }) => status === 'completed' || status === 'cancelled').length, placed.length)
    if (acted === 0 && (await shop.tasks.quiet())) return
  }
}

const moveTransfers = async (shop: Shop, mine: ReadonlySet<string>): Promise<number> => {
  let acted = 0
  for (const status of ['requested', 'sent'] as const) {
    const open = (await shop.fulfilment.service.stores.transfers.list({ statuses: [status] }, { limit: 5_000 })).filter(
      ({ state }) => state.status !== 'unrequested' && state.order !== undefined && mine.has(state.order),
    )
    await inHands(open, async ({ id }) => {
      const outcome = await shop.fulfilment.service.handleTransfer({
        id,
        command: status === 'requested' ? { do: 'send' } : { do: 'receive' },
        origin,
      })
      if (!isRefusal(outcome)) acted += 1
    })
  }
  return acted
}

const pickAndPack = async (shop: Shop, ids: readonly OrderId[]): Promise<number> => {
  const work = [...(await shop.fulfilment.queries.ofOrders(ids)).values()]
    .flat()
    .filter(({ status }) => status === 'released' || status === 'picking')
  let acted = 0
  await inHands(work, async ({ id }) => {
    await shop.fulfilment.service.handle({ id, command: { do: 'pick' }, origin })
    const outcome = await shop.fulfilment.service.handle({
      id,
      command: { do: 'pack', parcels: [{ parcel: newId(shop.now()) }] },
      origin,
    })
    if (!isRefusal(outcome)) acted += 1
  })
  return acted
}

const nextNews = {
  label_created: 'picked_up',
  picked_up: 'out_for_delivery',
  in_transit: 'out_for_delivery',
  out_for_delivery: 'delivered',
} as const

const carry = async (shop: Shop, ids: readonly OrderId[]): Promise<number> => {
  const parcels = [...(await shop.shipping.queries.ofOrders(ids)).values()].flat()
  let acted = 0
  await inHands(parcels, async ({ id, status, tracking, carrier }) => {
    const next = Object.entries(nextNews).find(([now]) => now === status)?.[1]
    if (tracking === undefined || next === undefined) return
    const outcome = await shop.shipping.service.learn({
      carrier,
      news: { id: `demo-${id}-${next}`, tracking, status: next, happenedAt: shop.now() },
      raw: {},
    })
    if (outcome === 'accepted') acted += 1
  })
  return acted
}
