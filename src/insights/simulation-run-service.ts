/** One simulation from its question to its answer: what it needs is read, orders are decided page by page, in order of time. */
import type { OrderId } from '../kernel/ids.ts'
import type { Outcome } from './simulation-figures.ts'
import type { SimulationAnswer, SimulationAsked } from './simulation-job.ts'
import {
  layStock,
  type NetworkSeen,
  type OrderSpan,
  ordersMax,
  type ShopReader,
  stockDefault,
  type StockGiven,
} from './simulation-question.ts'
import type { SimulatedOrder, SimulationQuestion, SimulationReport } from './simulation.ts'

/** Some hundred kilobytes of orders: two pages are in memory, the one that is decided and the next one. */
const pageOrders = 100

/** Whoever decides orders: here, or in a thread of its own. */
export type Deciding = Readonly<{
  /** One outcome a policy, in the order of the orders; nothing from a thread, where nobody asks for them. */
  decide: (orders: readonly SimulatedOrder[]) => Promise<readonly (readonly Outcome[])[]>
  report: () => Promise<SimulationReport>
}>
export type RunOptions = Readonly<{
  network: NetworkSeen
  /** In place of what is asked for. */
  stockGiven?: StockGiven | undefined
  zone: string
  begin: (question: SimulationQuestion) => Deciding
  /** Awaited after each page: whoever wants no more throws. */
  onPage: (
    progress: Readonly<{ done: number; total: number }>,
    orders: readonly SimulatedOrder[],
    outcomes: readonly (readonly Outcome[])[],
  ) => Promise<void> | void
}>

/** What was asked for cannot be simulated: whoever asked can mend it. */
export class NotSimulated extends Error {
  override readonly name = 'NotSimulated'
}

export const runSimulation = async (
  reader: ShopReader,
  { policies, orders: range, stock }: SimulationAsked,
  { network: { network, words }, stockGiven, zone, begin, onPage }: RunOptions,
): Promise<SimulationAnswer> => {
  const span = await reader.span(range, ordersMax)
  if (span === undefined) throw new NotSimulated('no order is in that range (cancelled and expired ones are left out)')
  if (span.orders > ordersMax)
    throw new NotSimulated(`the range has more than ${ordersMax} orders, as many as are simulated at once: ask for a shorter one`)
  const places = network.warehouses.map(({ id }) => id)
  const [demand, taken] = [await span.demand(), await span.taken(places)]
  const free = await reader.free(
    demand.map(([sku]) => sku),
    places,
  )
  const laid = layStock(stockGiven ?? stock ?? stockDefault({ taken }), { demand, free, taken }, places)
  const deciding = begin({ network, policies, stock: laid.layout, zone })
  let withoutUnits = 0
  let done = 0
  for await (const page of pagesOf(span)) {
    const orders = page.filter(({ lines }) => lines.length > 0)
    withoutUnits += page.length - orders.length
    done += page.length
    await onPage({ done, total: span.orders }, orders, await deciding.decide(orders))
  }
  const { from, to } = span
  return { ...(await deciding.report()), from, to, withoutUnits, warehouses: places, stock: laid.words, network: words }
}

/** The next page is read while one is decided. */
async function* pagesOf({ page }: OrderSpan): AsyncGenerator<readonly SimulatedOrder[]> {
  const read = (after: OrderId | undefined) => page(after, pageOrders)
  let coming = read(undefined)
  for (;;) {
    const orders = await coming
    const last = orders.at(-1)
    if (last === undefined) return
    coming = read(last.id)
    // Its failure is met where it is awaited; meanwhile nobody listens.
    coming.catch(() => undefined)
    yield orders
  }
}
