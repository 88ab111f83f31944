/** Better ways for orders on today's free stock, looked for a little at a time, so that nobody who calls waits for it. */
import { setImmediate as turn } from 'node:timers/promises'
import { type BetterGroup, type Bettering, betterPlans } from './better.ts'
import type { Engine } from './engine-service.ts'
import { free, Levels } from './levels.ts'
import type { Prices } from './prices-service.ts'
import type { InventoryRepository } from './store.ts'

/** How long the search holds this process before others get their turn. */
const sliceMs = 8

export type BetterWays = (asked: readonly Bettering[], leastSaving: number) => Promise<readonly BetterGroup[]>

export const betterWays =
  (engine: Engine, prices: Prices, repository: Pick<InventoryRepository, 'readLevels'>): BetterWays =>
  async (asked, leastSaving) => {
    const { network } = engine
    if (network === undefined || asked.length === 0) return []
    const skus = [...new Set(asked.flatMap(({ request }) => request.lines.map(({ sku }) => sku)))]
    const levels = new Levels(await repository.readLevels(skus))
    const steps = betterPlans(asked, (sku) => levels.of(sku).map((row) => ({ place: row.place, units: free(row) })), {
      network,
      policyFor: (facts) => engine.policyFor(facts),
      price: prices.over(network),
      leastSaving,
    })
    let since = performance.now()
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
      if (performance.now() - since < sliceMs) continue
      await turn()
      since = performance.now()
    }
  }
