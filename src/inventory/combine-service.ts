/** Orders that could share a parcel, asked about on the engine as it is, a pair at a time, so that nobody who calls waits for it. */
import { turn } from '../kernel/timers.ts'
import type { Bettering } from './better.ts'
import { type Combination, combination, factsOf } from './combine.ts'
import type { Engine } from './engine-service.ts'
import type { ReserveRequest } from './planner.ts'

export type Combining = Readonly<{
  /** Whether the policy that decides such an order wants it to share parcels. */
  wanted: (request: ReserveRequest) => boolean
  ways: (pairs: readonly (readonly [Bettering, Bettering])[], leastSaving: number) => Promise<readonly Combination[]>
}>

export const combining = (engine: Engine): Combining => ({
  wanted: (request) => engine.network !== undefined && engine.policyFor(factsOf(request)).mergeOrders === true,
  ways: async (pairs, leastSaving) => {
    const found: Combination[] = []
    for (const pair of pairs) {
      const { network } = engine
      if (network === undefined) return found
      const way = combination(pair, {
        network,
        policyFor: (facts) => engine.policyFor(facts),
        sourcerFor: (facts) => engine.sourcerFor(facts),
      })
      if (way !== undefined && way.saving >= leastSaving) found.push(way)
      await turn()
    }
    return found
  },
})
