/** The shop that the chaos happens to: two warehouses and twenty products, of which some are always nearly sold out. */
import { Asking, digest } from './asking.ts'

export const warehouses = ['leeds', 'york'] as const
const productsMax = 20
/** Every fourth by popularity: the rush for the last unit happens often, and most orders can still be had. */
const isScarce = (rank: number): boolean => rank % 4 === 2
const [plenty, few] = [200_000, 30] as const

export const skus = Array.from({ length: productsMax }, (_, rank) => `product-${rank + 1}`)
export const scarce = skus.filter((_, rank) => isScarce(rank))
export const price = (sku: string): number => 100 + 7 * skus.indexOf(sku)

/** Zipf's law: the second is bought half as often as the first. */
const weights = skus.map((_, rank) => 1 / (rank + 1))
const weight = weights.reduce((sum, one) => sum + one, 0)
export const anySku = (chance: () => number): string => {
  let left = chance() * weight
  for (const [rank, one] of weights.entries()) {
    left -= one
    if (left <= 0) return skus[rank] ?? 'product-1'
  }
  return 'product-1'
}

/** The supplier's word: units that came, under a key of their own. */
export const receive = (asking: Asking, sku: string, warehouse: string, quantity: number, key: string) => {
  const body = { sku, warehouse, quantity }
  return asking.settle('supplier', {
    method: 'POST',
    path: '/v1/stock/receipts',
    body,
    asked: { does: 'receive', key, says: digest(body), units: { sku, quantity } },
  })
}

export const layIn = async (asking: Asking): Promise<void> => {
  for (const id of warehouses)
    await made(asking, `/v1/warehouses/${id}`, { name: id, country: 'GB', postalCode: id === 'leeds' ? 'LS1' : 'YO1' })
  for (const [rank, sku] of skus.entries()) {
    const product = { name: sku, unitPrice: price(sku), currency: 'GBP', ...(rank % 8 === 2 ? { whenSoldOut: 'backorder' } : {}) }
    await made(asking, `/v1/products/${sku}`, product)
    for (const warehouse of warehouses) {
      const answer = await receive(asking, sku, warehouse, isScarce(rank) ? few : plenty, `first ${sku} ${warehouse}`)
      if (answer === undefined || answer.status >= 400) throw new Error(`no stock: ${JSON.stringify(answer)}`)
    }
  }
}

const made = async (asking: Asking, path: string, body: unknown): Promise<void> => {
  const answer = await asking.ask('PUT', path, body)
  if (!('status' in answer) || answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`)
}
