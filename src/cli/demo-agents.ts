/**
 * `waybill demo --sample agents`: requirement A17. Three warehouses, ten units of each product, three orders; each is
 * brought together in one place, and only when all is packed the carrier is told.
 */
import { isRefusal } from '../kernel/decider.ts'
import type { OrderId, Sku } from '../kernel/ids.ts'
import type { Place } from '../kernel/ids.ts'
import { agentsLevels, agentsNetwork, agentsOrders } from '../sourcing/samples/agents.ts'
import type { Shop } from '../shop.ts'
import { type Placed, workOff, type Watch } from './demo-play.ts'

const origin = { actor: 'demo' }
const skus = ['prod1', 'prod2', 'prod3', 'prod4', 'prod5', 'prod6', 'prod7', 'prod8', 'prod9'] as Sku[]
const priceMinor = 1_000
const currency = 'PLN'

export type AgentOrder = Readonly<{
  order: string
  id: OrderId
  customer: string
  status: string
  warehouse: string
  parcels: number
  transfers: readonly Readonly<{ product: string; from: string; to: string }>[]
  story: readonly string[]
}>

const layIn = async (shop: Shop): Promise<void> => {
  const others = (await shop.warehouses.read()).some(({ id }) => agentsNetwork.warehouses.every((warehouse) => warehouse.id !== id))
  await shop.warehouses.save(agentsNetwork.warehouses, origin)
  // The sample's own tariff; a shop that has other warehouses keeps its own.
  if (!others) await shop.warehouses.setTariffs({ delivery: agentsNetwork.delivery, transfer: agentsNetwork.transfer }, origin)
  await shop.catalog.save(
    skus.map((sku) => ({ sku, name: sku, unitPrice: priceMinor, currency, grams: 400 })),
    origin,
  )
  await Promise.all(
    skus.flatMap((sku) =>
      agentsLevels.available(sku).flatMap((onHand, index) => {
        const place: Place | undefined = agentsNetwork.warehouses[index]?.id
        return place === undefined || onHand === 0
          ? []
          : [shop.inventory.handle({ command: { do: 'count', sku, place, onHand, reason: 'sample agents' }, origin })]
      }),
    ),
  )
}

export const runAgents = async (shop: Shop, watch: Watch): Promise<readonly AgentOrder[]> => {
  watch.stage('setting up three warehouses')
  await layIn(shop)
  watch.stage('three orders are placed')
  const placed: (Placed & { name: string; customer: string })[] = []
  for (const { id: name, customer, order } of agentsOrders) {
    const known = await shop.records.objectOf('external-ref', name)
    if (known !== undefined) {
      placed.push({ id: known as OrderId, sample: nothing, pays: 'pay', name, customer })
      continue
    }
    const { country, postalCode, latitude, longitude } = order.destination
    const lines = order.lines.map(({ sku, quantity, grams }) => ({
      sku,
      name: sku as string,
      quantity,
      unitPrice: priceMinor,
      discount: 0,
      kind: 'product' as const,
      grams,
      ifShort: 'refuse' as const,
    }))
    const total = priceMinor * lines.length
    const outcome = await shop.placement.place({
      draft: {
        channel: 'redis',
        source: 'Redis',
        dialect: 'redis',
        currency,
        externalRef: name,
        lines,
        totals: { subtotal: total, discount: 0, shipping: 0, tax: 0, total },
        terms: 'outside',
        capture: 'placement',
        onShortage: 'refuse',
        destination: { country, postalCode, latitude, longitude },
        shippingMethod: 'standard',
      },
      person: { name: customer, shippingAddress: { name: customer, country, postalCode } },
      origin,
    })
    if (isRefusal(outcome)) throw new Error(`${name}: ${outcome.detail}`)
    placed.push({ id: outcome.id, sample: nothing, pays: 'pay', name, customer })
  }
  watch.stage('warehouses and the carrier work')
  await workOff(shop, placed, watch)
  return Promise.all(placed.map((order) => told(shop, order)))
}

const nothing: Placed['sample'] = { externalRef: '', at: '' as Placed['sample']['at'], country: '', currency: 'GBP', lines: [] }

const told = async (
  shop: Shop,
  { id, name, customer }: Readonly<{ id: OrderId; name: string; customer: string }>,
): Promise<AgentOrder> => {
  const order = (await shop.reads.one(id))?.order
  if (order === undefined) throw new Error(`${name} cannot be read`)
  const lines = order.progress.plan.flatMap(({ place, lines }) => lines.map((line) => ({ ...line, place })))
  return {
    order: name,
    id,
    customer,
    status: order.progress.status,
    warehouse: [...new Set(lines.map(({ place }) => place))].join(', '),
    parcels: order.progress.parcels.length,
    transfers: lines.filter(({ from, place }) => from !== place).map(({ sku, from, place }) => ({ product: sku, from, to: place })),
    story: await story(shop, id, name),
  }
}

/** The messages of requirement A16, read off the facts in the order in which they happened. */
const story = async (shop: Shop, id: OrderId, name: string): Promise<readonly string[]> => {
  const facts = await shop.records.factsAbout(id)
  return facts.flatMap(({ event }): string[] => {
    const about = event as Readonly<{
      type: string
      from?: string
      to?: string
      place?: string
      lines?: readonly { sku: string }[]
      received?: readonly { sku: string }[]
      status?: string
    }>
    switch (about.type) {
      case 'TransferRequested':
        return (about.lines ?? []).map(({ sku }) => `${sku} needed in ${about.to}`)
      case 'TransferSent':
        return (about.lines ?? []).map(({ sku }) => `${sku} sent to ${about.to}`)
      case 'TransferReceived':
        return (about.received ?? []).map(({ sku }) => `${sku} delivered to ${about.to}`)
      case 'FulfilmentPacked':
        return [`${name} ready in ${about.place}`]
      case 'ParcelCollected':
        return [`${name} sent`]
      case 'ParcelMoved':
        return about.status === 'delivered' ? [`${name} delivered`] : []
      default:
        return []
    }
  })
}
