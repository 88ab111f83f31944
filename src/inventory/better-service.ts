/** Better ways for orders on today's free stock, looked for a little at a time, so that nobody who calls waits for it. */
import { nowMs, turn } from '../kernel/timers.ts'
import { type BetterGroup, type Bettering, betterPlans } from './better.ts'
import { combining } from './combine-service.ts'
import type { Engine } from './engine-service.ts'
import { free, Levels, levelsBySku } from './levels.ts'
import type { Prices } from './prices-service.ts'
import type { Records } from '../platform/records/records.ts'
import type { InventoryRepository } from './store.ts'

/** How long the search holds this process before others get their turn. */
const sliceMs = 8

type BetterWays = (asked: readonly Bettering[], leastSaving: number) => Promise<readonly BetterGroup[]>

const betterWays =
  (engine: Engine, prices: Prices, repository: Pick<InventoryRepository, 'readLevels'>): BetterWays =>
  async (asked, leastSaving) => {
    const { network } = engine
    if (network === undefined || asked.length === 0) return []
    const skus = [...new Set(asked.flatMap(({ request }) => request.lines.map(({ sku }) => sku)))]
    const levels = new Levels(levelsBySku(await repository.readLevels(skus)))
    const steps = betterPlans(asked, (sku) => levels.of(sku).map((row) => ({ place: row.place, units: free(row) })), {
      network,
      policyFor: (facts) => engine.policyFor(facts),
      price: prices.over(network),
      leastSaving,
    })
    let since = nowMs()
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
      if (nowMs() - since < sliceMs) continue
      await turn()
      since = nowMs()
    }
  }

/** All that orders ask when they look for better ways: of the engine, and of whom an order is for. */
export const betteringWays = (
  { engine, prices }: Readonly<{ engine: Engine; prices: Prices }>,
  repository: Pick<InventoryRepository, 'readLevels'>,
  records: Pick<Records, 'people'>,
) => ({
  betterWays: betterWays(engine, prices, repository),
  combining: combining(engine),
  people: (refs: Parameters<Records['people']>[0]) => records.people(refs),
})
