/** Placing alone: the shop's own placement with sourcing, in this process, without HTTP and without anything that reacts. */
import { randomUUID } from 'node:crypto'
import { isRefusal } from '../src/kernel/decider.ts'
import { intakeOrder } from '../src/orders/intake-service.ts'
import type { Shop } from '../src/shop.ts'

export type PlacedAlone = Readonly<{
  perSecond: number
  p50: number
  p99: number
  nodeMicros: number
  atOnce: number
  locked: number
}>

export const placeAlone = async (shop: Shop, callers: number, seconds: number, skus: number): Promise<PlacedAlone> => {
  const sku = (): string => `S${1 + Math.floor(Math.random() * skus)}`
  const took: number[] = []
  const before = { ...shop.placement.counts }
  const end = performance.now() + seconds * 1_000
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now()
      const asked = await intakeOrder(shop.intake, {
        dialect: 'v1',
        channel: 'web',
        source: 'Web',
        customer: { email: 'a@example.com' },
        address: { country: 'GB', postalCode: 'LS1 4AP' },
        lines: [
          { sku: sku(), quantity: 1, unitPrice: 255 },
          { sku: sku(), quantity: 1, unitPrice: 255 },
        ],
        promotionCodes: ['BENCH'],
        onShortage: 'refuse',
        shippingMethod: 'standard',
        terms: 'prepaid',
        capture: 'placement',
        origin: { actor: 'bench' },
        key: { scope: 'bench', key: randomUUID(), hash: 'the same for all' },
      })
      if (isRefusal(asked)) throw new Error(asked.detail)
      const outcome = await shop.placement.place(asked)
      if (isRefusal(outcome)) throw new Error(outcome.detail)
      took.push(performance.now() - start)
    }
  }
  const cpu = process.cpuUsage()
  const start = performance.now()
  await Promise.all(Array.from({ length: callers }, caller))
  const used = process.cpuUsage(cpu)
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): number => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1))
  return {
    perSecond: Math.round((took.length * 1_000) / (performance.now() - start)),
    p50: at(0.5),
    p99: at(0.99),
    nodeMicros: Math.round((used.user + used.system) / took.length),
    atOnce: shop.placement.counts.atOnce - before.atOnce,
    locked: shop.placement.counts.locked - before.locked,
  }
}
