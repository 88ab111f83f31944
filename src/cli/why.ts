/** `waybill why ORDER`: where each line of an order comes from, and why from there: the sourcing engine's own account. */
import type { Command } from 'commander'
import { utilisationOf } from '../inventory/network.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import type { Live } from '../orders/order.ts'
import type { OrderWhy } from '../orders/why-service.ts'
import type { Shop } from '../shop.ts'
import { createSourcer, type Network, type Sourced, type Why } from '../sourcing/contract.ts'
import { printJson, printLine } from './output.ts'
import { UsageError, withShop } from './session.ts'

export const whyCommand = (program: Command): void => {
  program
    .command('why')
    .argument('<order>', "an order's id or number")
    .description('explain where an order is sent from, and what else was possible')
    .option('--json', 'print one JSON object')
    .action(async (order: string, { json }: Readonly<{ json?: boolean }>) => {
      const told = await withShop(({ shop }) => explain(shop, order))
      if (json === true) return printJson(told)
      for (const line of wordsOf(told)) printLine(line)
    })
}

type Explained = Readonly<{
  id: string
  number: number
  status: string
  destination: Readonly<{ country: string; postalCode: string }>
  /** What is planned for it now. */
  plan: readonly string[]
  /** Each time units were set aside: what was decided then, and why. */
  decisions: OrderWhy['decisions']
  /** As it would be decided now, on today's stock and what the order itself holds; nothing where nothing is left to send. */
  today?: Readonly<{ parcels: readonly Sourced['shipments'][number][]; cost: number; optimal: boolean; why: Why }>
}>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const explain = async (shop: Shop, asked: string): Promise<Explained> => {
  const id = await idOf(shop, asked)
  const read = id === undefined ? undefined : await shop.reads.one(id)
  if (id === undefined || read === undefined) {
    // The list that knows numbers is filled by a reaction, and reactions run in a server.
    const hint = uuid.test(asked) ? '' : '; one that came in while no server ran is found by its id, or once a server has run'
    throw new UsageError(`there is no order ${asked}${hint}`)
  }
  const { placed, progress } = read.order
  await shop.warehouses.read()
  const { network } = shop.warehouses
  const today = await sourcedToday(shop, id, read.order, network)
  return {
    id,
    number: placed.number,
    status: progress.status,
    destination: { country: progress.destination.country, postalCode: progress.destination.postalCode },
    plan: planInWords(read.order, network),
    decisions: (await shop.reasons.of(read)).decisions,
    ...(today === undefined ? {} : { today }),
  }
}

const idOf = async (shop: Shop, asked: string): Promise<OrderId | undefined> => {
  if (uuid.test(asked)) return asked.toLowerCase() as OrderId
  if (!/^\d{1,15}$/.test(asked)) throw new UsageError(`${asked} is neither an order's id nor its number`)
  return shop.orderStore.idByNumber(Number(asked))
}

const nameIn = (network: Network, place: Place): string => {
  const name = network.warehouses.find(({ id }) => id === place)?.name
  return name === undefined ? place : `${name} (${place})`
}

const planInWords = ({ placed, progress }: Live, network: Network): readonly string[] => {
  const name = (place: Place): string => nameIn(network, place)
  if (placed.dialect === 'import')
    return ['imported history: delivered from outside before Waybill, so nothing was reserved or sourced here']
  const shipments = progress.plan.filter(({ lines }) => lines.length > 0)
  if (shipments.length === 0) return ['nothing is planned to be sent']
  return shipments.flatMap(({ place, dispatch, arrives, lines }) => [
    `one parcel from ${name(place)}, leaving on ${dispatch}, there on ${arrives}:`,
    ...lines.map(({ line, quantity, sku, from, kind, ready }) => {
      const on = ready === undefined ? '' : ` on ${ready}`
      const origin = {
        stock: 'from its stock',
        transfer: `moved there from ${name(from)}, ready${on}`,
        backorder: `backordered, expected${on}`,
        preorder: `pre-ordered, expected${on}`,
      }[kind]
      return `  line ${line + 1}: ${quantity} × ${sku} ${placed.lines[line]?.name ?? ''}, ${origin}`
    }),
  ])
}

/** Under the locks of a batch that saves nothing: the engine sees what a placement at this moment would see. */
const sourcedToday = async (shop: Shop, id: OrderId, { placed, progress }: Live, network: Network): Promise<Explained['today']> => {
  const { current, shipped } = progress.counters
  const lines = placed.lines.flatMap((line, index) => {
    const quantity = (current[index] ?? 0) - (shipped[index] ?? 0)
    return quantity > 0 && progress.phase === 'open' ? [{ ...line, quantity }] : []
  })
  if (lines.length === 0 || network.warehouses.length === 0) return undefined
  const stock = await shop.database.batch((work) =>
    shop.inventory.load(
      work,
      lines.map(({ sku }) => sku),
      [id],
    ),
  )
  const own = (sku: Sku, place: Place): number =>
    stock
      .holding(id)
      .reduce((sum, held) => (held.sku === sku && held.place === place && held.state === 'r' ? sum + held.quantity : sum), 0)
  const levels = {
    available: (sku: Sku): readonly number[] => {
      const free = stock.seen.free(sku)
      return network.warehouses.map(({ id: place }) => (free.find((level) => level.place === place)?.units ?? 0) + own(sku, place))
    },
    lots: stock.seen.lots,
    price: shop.sourcing.prices.over(network),
    utilisation: utilisationOf(network, shop.warehouses.backlog),
  }
  const { shippingMethod, channel, totals, customerGroup: group } = placed
  const facts = { shippingMethod, channel, group, total: totals.total, country: progress.destination.country }
  const sourcer = createSourcer(network, shop.sourcing.policies.choose(facts).policy)
  const order = {
    at: shop.now(),
    destination: progress.destination,
    shippingMethod,
    lines: lines.map(({ sku, quantity, grams, parent }) => ({
      sku,
      quantity,
      grams,
      ...(parent === undefined ? {} : { together: String(parent) }),
    })),
    allow: {
      backorder: lines.map(({ ifShort }) => ifShort === 'backorder' || ifShort === 'preorder'),
      split: true,
      transfer: true,
    },
  }
  const sourced = sourcer.source(order, levels)
  const { shipments: parcels, cost, optimal } = sourced
  return { parcels, cost, optimal, why: sourcer.explain(order, levels, sourced) }
}

const money = (cents: number): string => (cents / 100).toFixed(2)

const wordsOf = ({ number, id, status, destination, plan, decisions, today }: Explained): readonly string[] => [
  `Order ${number} (${id}), ${status}, to ${destination.postalCode === '' ? '' : `${destination.postalCode}, `}${destination.country}`,
  ...plan.map((line) => `  ${line}`),
  ...decisions.flatMap(({ words: [headline = '', ...reasons] }) => [`${headline}:`, ...reasons.map((line) => `  ${line}`)]),
  ...(today === undefined
    ? []
    : [
        "On today's stock, with what the order holds:",
        ...today.parcels.map(
          ({ place, cost, parts }) =>
            `  ${place}: ${money(cost)} = carrier ${money(parts.carrier)} + handling ${money(parts.handling)} + transfer ${money(parts.transfer)} + time ${money(parts.time)} + split ${money(parts.split)}`,
        ),
        ...today.why.words.map((line) => `  ${line}`),
      ]),
]
