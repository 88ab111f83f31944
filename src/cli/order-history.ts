/**
 * `waybill import orders`: the Online Retail file becomes history (docs/reference/cli.md). The file is read whole first, for
 * only the whole file can tell what a cancellation takes back; then its orders are written, oldest first, a few hundred a
 * transaction. Each order claims its invoice number in the transaction that writes it, so a second run, or one after a
 * kill, adds exactly what is missing.
 */
import { join } from 'node:path'
import { addressBookIn, type HistoricalOrder, readCsvRows, readRetailHistory, type RejectedRow } from '../imports/contract.ts'
import { PostgresUsers } from '../identity/users-store.ts'
import { historicalGoods } from '../inventory/history-store.ts'
import { isRefusal } from '../kernel/decider.ts'
import type { OrderId, PersonRef, Place, Sku } from '../kernel/ids.ts'
import { externalPlace, goodsMoved, historyOf } from '../orders/history.ts'
import { historicalOrders, historyClaim, historyId } from '../orders/history-service.ts'
import { historicalPayments } from '../payments/history-service.ts'
import { newId } from '../platform/ids.ts'
import { keyName } from '../platform/records/records.ts'
import { rerunAborted, type Work } from '../platform/store/work.ts'
import type { Shop } from '../shop.ts'

export type HistoryCounts = Readonly<{
  lines: number
  acceptedLines: number
  rejectedLines: number
  /** Added by this run, and what they came to when they were placed. */
  orders: number
  alreadyImported: number
  cancellationLines: number
  cancellationLinesMatched: number
  totalMinor: number
  productsAdded: number
}>
export type HistoryImported = Readonly<{ counts: HistoryCounts; rejected: readonly RejectedRow[]; warnings: readonly string[] }>
export type HistoryProgress = Readonly<{ step: 'reading' | 'importing'; done: number; all?: number | undefined }>
export type OnHistoryProgress = (progress: HistoryProgress) => void

const origin = { actor: 'import', cause: 'file' }
const dataFolder = join(import.meta.dirname, '..', '..', 'data')
/** A transaction of a tenth of a second: readers of the journal wait for the oldest open one. Larger ones are no faster. */
const batchMax = { orders: 200, lines: 3_000 }
const rowsAProgress = 5_000
const productsAtOnce = 500
const gramsUsual = 500
/** As the accounts have it; who is called otherwise is a guest. */
const userId = /^[A-Za-z0-9 ._:-]{1,64}$/

export const importHistory = async (
  shop: Shop,
  path: string,
  onProgress: OnHistoryProgress = () => undefined,
): Promise<HistoryImported> => {
  const history = await readRetailHistory(counted(readCsvRows(path), (done) => onProgress({ step: 'reading', done })))
  const { counts, rejected, products } = history
  const added = await addProducts(shop, products)
  const written = { orders: 0, alreadyImported: 0, totalMinor: 0 }
  const importer = new HistoryImporter(shop)
  for (const batch of inBatches(history.orders())) {
    const fresh = await importer.write(batch)
    written.orders += fresh.length
    written.alreadyImported += batch.length - fresh.length
    written.totalMinor += fresh.reduce((sum, order) => sum + totalOf(order), 0)
    onProgress({ step: 'importing', done: written.orders + written.alreadyImported, all: counts.orders })
  }
  return { counts: { ...counts, ...written, productsAdded: added.count }, rejected, warnings: added.warnings }
}

const totalOf = (order: HistoricalOrder): number => order.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0)

async function* counted<Row>(rows: AsyncIterable<Row>, onCount: (rows: number) => void): AsyncGenerator<Row, void, undefined> {
  let count = 0
  for await (const row of rows) {
    count += 1
    if (count % rowsAProgress === 0) onCount(count)
    yield row
  }
  onCount(count)
}

function* inBatches(orders: Iterable<HistoricalOrder>): Generator<readonly HistoricalOrder[], void, undefined> {
  let batch: HistoricalOrder[] = []
  let lines = 0
  for (const order of orders) {
    if (batch.length === batchMax.orders || (batch.length > 0 && lines + order.lines.length > batchMax.lines)) {
      yield batch
      batch = []
      lines = 0
    }
    batch.push(order)
    lines += order.lines.length
  }
  if (batch.length > 0) yield batch
}

/** What was sold and the catalogue lacks, with its last name and price; what it knows stays as it is. */
const addProducts = async (
  shop: Shop,
  products: readonly Readonly<{ code: string; name: string; lastPrice: number }>[],
): Promise<Readonly<{ count: number; warnings: readonly string[] }>> => {
  const warnings: string[] = []
  let count = 0
  for (let start = 0; start < products.length; start += productsAtOnce) {
    const some = products.slice(start, start + productsAtOnce)
    await shop.catalog.ensure(some.map(({ code }) => code))
    const drafts = some
      .filter(({ code }) => shop.catalog.product(code) === undefined)
      .map(({ code, name, lastPrice }) => ({ sku: code as Sku, name, unitPrice: lastPrice, currency: 'GBP' }))
    for (const saved of await shop.catalog.save(drafts, origin)) {
      // Its orders are history all the same: they carry name and price themselves.
      if (isRefusal(saved)) warnings.push(`not added to the catalogue: ${saved.detail}`)
      else if (saved.change === 'added') count += 1
    }
  }
  return { count, warnings }
}

class HistoryImporter {
  readonly #shop: Shop
  readonly #users: PostgresUsers
  readonly #addresses = addressBookIn(dataFolder)

  constructor(shop: Shop) {
    this.#shop = shop
    this.#users = new PostgresUsers(shop.database)
  }

  /** One transaction. @returns the orders that were not there yet. */
  write(orders: readonly HistoricalOrder[]): Promise<readonly HistoricalOrder[]> {
    return rerunAborted(() =>
      this.#shop.database.batch(async (work) => {
        const known = await this.#shop.records.claimed(
          work,
          orders.map(({ externalRef }) => historyClaim(externalRef)),
        )
        const fresh = orders.filter(({ externalRef }) => !known.has(keyName(historyClaim(externalRef))))
        if (fresh.length > 0) this.#add(work, fresh, await this.#shop.orderStore.numbers(fresh.length))
        return fresh
      }),
    )
  }

  #add(work: Work, orders: readonly HistoricalOrder[], numbers: readonly number[]): void {
    const { records, orderStore, payments } = this.#shop
    const made = orders.map((order, index) => this.#make(order, numbers[index]))
    work.add(
      ...historicalOrders(records, orderStore, made),
      ...historicalPayments(
        records,
        payments.service.store,
        made.map(({ payment, history: { change, paid, refunds }, order }) => ({
          id: payment,
          order: change.id as OrderId,
          amount: paid,
          currency: order.currency,
          at: order.at,
          refunds,
        })),
      ),
      historicalGoods(
        made.flatMap(({ order, history }) =>
          goodsMoved(order).map((goods) => ({
            ...goods,
            order: history.change.id as OrderId,
            place: externalPlace as Place,
            at: order.at,
          })),
        ),
      ),
    )
    const users = [...new Set(made.flatMap(({ user }) => user ?? []))]
    if (users.length > 0)
      work.add(
        this.#users.ensure(
          users.map((user) => ({ id: newId(work.now), userId: user })),
          work.now,
        ),
      )
  }

  #make(order: HistoricalOrder, number: number | undefined) {
    if (number === undefined) throw new Error('order numbers ran out inside a batch')
    const { externalRef, customer, country, at } = order
    const id = (what: string) => historyId(at, `online-retail ${what} ${externalRef}`)
    const { city, ...destination } = this.#addresses().addressOf(customer ?? externalRef, country)
    const user = customer !== undefined && userId.test(customer) ? customer : undefined
    const [payment, contact] = [id('payment'), id('contact') as string as PersonRef]
    const history = historyOf(order, {
      id: id('order'),
      number,
      payment,
      parcel: id('parcel'),
      contact,
      user,
      destination,
      gramsOf: (sku) => this.#shop.catalog.product(sku)?.grams ?? gramsUsual,
    })
    // Who lives there is not known: the file has no names.
    const person = { shippingAddress: { city, postalCode: destination.postalCode, country: destination.country } }
    return { externalRef, order, user, payment, history, contact, person }
  }
}
