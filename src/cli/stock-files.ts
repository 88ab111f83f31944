/** Master data from CSV files: products, warehouses, stock, dated supply. Used by `waybill import` and by the demo. */
import { isRefusal } from '../kernel/decider.ts'
import type { Day } from '../kernel/ids.ts'
import { addDays, dayIn } from '../kernel/time.ts'
import {
  type CsvHeader,
  parseProduct,
  parseStock,
  parseSupply,
  parseWarehouse,
  type Parsed,
  productsHeader,
  readCsvRows,
  type RowFault,
  stockHeader,
  supplyHeader,
  unknownProduct,
  unknownWarehouse,
  warehousesHeader,
} from '../imports/contract.ts'
import type { Shop } from '../shop.ts'

export type Imported = { rows: number; added: number; changed: number; unchanged: number; faults: RowFault[] }
export type OnProgress = (rows: number) => void

const origin = { actor: 'import', cause: 'file' }
/** Rows a batch: a few hundred keep each transaction short. */
const chunk = 500

const parsedRows = async function* <Value>(
  path: string,
  header: CsvHeader,
  parse: (row: Parameters<typeof parseProduct>[0]) => Parsed<Value>,
) {
  for await (const row of readCsvRows(path, header)) yield parse(row)
}

const inChunks = async function* <Value>(values: AsyncIterable<Value>) {
  let batch: Value[] = []
  for await (const value of values) {
    batch.push(value)
    if (batch.length === chunk) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

const blank = (): Imported => ({ rows: 0, added: 0, changed: 0, unchanged: 0, faults: [] })
const good = <Value>(batch: readonly Parsed<Value>[], imported: Imported) =>
  batch.flatMap((parsed) => {
    imported.rows += 1
    if (parsed.ok) return [parsed]
    imported.faults.push(parsed.fault)
    return []
  })

export type ProductOptions = Readonly<{ whenSoldOut?: (sku: string) => 'deny' | 'backorder' | 'preorder' }>

export const importProducts = async (
  shop: Shop,
  path: string,
  onProgress: OnProgress = () => undefined,
  options: ProductOptions = {},
): Promise<Imported> => {
  const imported = blank()
  for await (const batch of inChunks(parsedRows(path, productsHeader, parseProduct))) {
    const rows = good(batch, imported)
    await shop.catalog.ensure(rows.map(({ value }) => value.productId))
    const drafts = rows.map(({ value }) => {
      const sku = value.productId
      const known = shop.catalog.product(sku)
      return {
        sku,
        name: value.productName,
        description: value.description,
        unitPrice: value.price,
        currency: value.currency,
        grams: value.weightGrams ?? known?.grams ?? 500,
        whenSoldOut: options.whenSoldOut?.(sku) ?? known?.whenSoldOut ?? ('deny' as const),
      }
    })
    for (const [index, saved] of (await shop.catalog.save(drafts, origin)).entries()) {
      if (isRefusal(saved)) imported.faults.push({ row: rows[index]?.row ?? 0, column: 'productId', message: saved.detail })
      else imported[saved.change === 'none' ? 'unchanged' : saved.change] += 1
    }
    onProgress(imported.rows)
  }
  return imported
}

export const importWarehouses = async (shop: Shop, path: string, onProgress: OnProgress = () => undefined): Promise<Imported> => {
  const imported = blank()
  for await (const batch of inChunks(parsedRows(path, warehousesHeader, (row) => parseWarehouse(row, shop.geocode)))) {
    const rows = good(batch, imported)
    const { facts } = await shop.warehouses.place(
      rows.map(({ value: { warehouse: id, postcode: postalCode, name, country, latitude, longitude } }) => ({
        id,
        name,
        country,
        postalCode,
        latitude,
        longitude,
      })),
      origin,
    )
    for (const { type } of facts) imported[type === 'WarehouseAdded' ? 'added' : 'changed'] += 1
    imported.unchanged += rows.length - facts.length
    onProgress(imported.rows)
  }
  return imported
}

/** Sets on hand like a count: the difference is an adjustment, so a second run changes nothing. */
export const importStock = async (shop: Shop, path: string, onProgress: OnProgress = () => undefined): Promise<Imported> => {
  const imported = blank()
  for await (const batch of inChunks(parsedRows(path, stockHeader, parseStock))) {
    const rows = await known(shop, good(batch, imported), imported)
    const outcomes = await Promise.all(
      rows.map(({ value }) =>
        shop.inventory.handle({
          command: {
            do: 'count',
            sku: value.productId,
            place: value.warehouse,
            onHand: value.quantity,
            reason: 'stock file',
          },
          origin,
        }),
      ),
    )
    for (const [index, outcome] of outcomes.entries()) {
      if (isRefusal(outcome)) imported.faults.push({ row: rows[index]?.row ?? 0, column: 'quantity', message: outcome.detail })
      else imported[outcome.changed ? 'changed' : 'unchanged'] += 1
    }
    onProgress(imported.rows)
  }
  return imported
}

/** Dated supply: `inDays` counts from today in the shop's zone. */
export const importSupply = async (shop: Shop, path: string, kind: 'purchase' | 'preorder', zone: string): Promise<Imported> => {
  const imported = blank()
  const today: Day = dayIn(zone, shop.now())
  for await (const batch of inChunks(parsedRows(path, supplyHeader, parseSupply))) {
    const rows = await known(shop, good(batch, imported), imported)
    await Promise.all(
      rows.map(({ value, row }) =>
        shop.inventory.handle({
          command: {
            do: 'expect',
            sku: value.productId,
            place: value.warehouse,
            day: addDays(today, value.inDays),
            quantity: value.quantity,
            kind,
            reference: `${kind}-${row}`,
          },
          origin,
        }),
      ),
    )
    imported.added += rows.length
  }
  return imported
}

const known = async <Value extends Readonly<{ productId: string; warehouse: string }>>(
  shop: Shop,
  rows: readonly Readonly<{ row: number; value: Value }>[],
  imported: Imported,
) => {
  await shop.catalog.ensure(rows.map(({ value }) => value.productId))
  return rows.filter(({ row, value }) => {
    const fault =
      shop.warehouses.find(value.warehouse) === undefined
        ? unknownWarehouse(row, value.warehouse)
        : shop.catalog.product(value.productId) === undefined
          ? unknownProduct(row, value.productId)
          : undefined
    if (fault !== undefined) imported.faults.push(fault)
    return fault === undefined
  })
}
