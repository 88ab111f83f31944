/** The demo's catalogue: real products of the shipped sample, five warehouses and their stock. Laid in once, on an empty database. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Shop } from '../shop.ts'
import { importProducts, importStock, importSupply, importWarehouses } from './stock-files.ts'

const folder = join(import.meta.dirname, '..', '..', 'data')
const file = (name: string): string => join(folder, name)
export const demoMark = 'demo'

/** @returns whether anything was laid in: a shop that has warehouses or orders is left alone. */
export const layInDemo = async (shop: Shop, zone: string): Promise<boolean> => {
  if ((await shop.keys.knownSetting(demoMark)) !== undefined) return false
  if (
    (await shop.warehouses.read()).length > 0 ||
    (await shop.catalog.stores.products.list({ archived: true, limit: 1 })).length > 0
  )
    return false
  const [preorder, backorder] = [skusIn('demo-preorder.csv'), skusIn('demo-supply.csv')]
  await importWarehouses(shop, file('demo-warehouses.csv'))
  await importProducts(shop, file('demo-products.csv'), undefined, {
    whenSoldOut: (sku) => (preorder.has(sku) ? 'preorder' : backorder.has(sku) ? 'backorder' : 'deny'),
  })
  await importStock(shop, file('demo-stock.csv'))
  await importSupply(shop, file('demo-supply.csv'), 'purchase', zone)
  await importSupply(shop, file('demo-preorder.csv'), 'preorder', zone)
  await shop.keys.setting(demoMark, () => shop.now())
  return true
}

const skusIn = (name: string): ReadonlySet<string> =>
  new Set(
    readFileSync(file(name), 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0] ?? ''),
  )
