/** `waybill demo`: five British warehouses, 500 real orders, their whole life, live. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sku } from '../kernel/ids.ts'
import type { Shop } from '../shop.ts'
import { cancelSome, customersOf, letExpire, payAll, placeAll, sampleOrders, supply, type Watch, workOff } from './demo-play.ts'
import { layInDemo } from './demo-shop.ts'
import { type Summary, summarise } from './demo-summary.ts'

const supplyFile = join(import.meta.dirname, '..', '..', 'data', 'demo-supply.csv')

export const runDemo = async (shop: Shop, zone: string, watch: Watch): Promise<Summary> => {
  watch.stage('setting up the shop')
  await layInDemo(shop, zone)
  const samples = await sampleOrders()
  watch.stage('customers order')
  const placed = await placeAll(shop, customersOf(samples), watch)
  watch.stage('customers pay')
  await payAll(shop, placed, watch)
  watch.stage('some change their mind')
  await cancelSome(shop, placed, watch)
  await letExpire(shop, placed)
  await shop.settled()
  watch.stage('supply arrives')
  await supply(shop, suppliedSkus(), watch)
  watch.stage('warehouses and the carrier work')
  await workOff(shop, placed, watch)
  return summarise(
    shop,
    placed.map(({ id }) => id),
  )
}

const suppliedSkus = (): Sku[] => {
  const skus = readFileSync(supplyFile, 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => (line === '' ? [] : [line.split(',')[0] as Sku]))
  return [...new Set(skus)].sort()
}
