/** The sourcing engine over the warehouses and policies as they are: compiled when one of them changes, not per order. */
import { dayIn } from '../kernel/time.ts'
import { nowMs } from '../kernel/timers.ts'
import { createSourcer, type Levels, type Network, type OrderFacts, type Policy, type Sourcer } from '../sourcing/contract.ts'
import type { Policies } from './policies-service.ts'
import type { Source } from './planner.ts'
import type { Shadows } from './shadow-service.ts'
import { type Deciders, nowhere, sourcingBy } from './sourcing.ts'
import { utilisationOf } from './network.ts'
import type { Warehouses } from './warehouses-service.ts'

/** Live policies, shadows and those just changed; each has tables of its own. */
const sourcersMax = 32

export type EngineOptions = Readonly<{
  warehouses: Warehouses
  policies: Policies
  shadows: Shadows
  /** The shop's: what "today" is. */
  zone: string
  /** What scarce units are worth to later orders. */
  priceOver?: (network: Network) => Levels['price']
}>

export class Engine {
  readonly source: Source
  /** How long was sourced for in all, for orders and for promises. */
  seconds = 0
  readonly #options: EngineOptions
  #sourcers = new Map<string, Sourcer>()
  #current: Source = nowhere
  #now: Readonly<{ network: Network; deciders: Deciders }> | undefined

  constructor(options: EngineOptions) {
    this.#options = options
    options.warehouses.onChange((network) => this.#follow(network))
    this.source = (request, stock) => {
      void options.warehouses.all
      const began = nowMs()
      try {
        return this.#current(request, stock)
      } finally {
        this.seconds += (nowMs() - began) / 1_000
      }
    }
  }

  /** As it is now; undefined while there are no warehouses. */
  get network(): Network | undefined {
    return this.#now?.network
  }

  /** The policy that decides such an order. */
  policyFor(facts: OrderFacts): Policy {
    if (this.#now === undefined) throw new Error('nothing decides an order where there is no warehouse')
    return this.#now.deciders(facts).policy
  }

  /** What would decide such an order over the network as it is, without anybody being told. */
  sourcerFor(facts: OrderFacts): Sourcer {
    if (this.#now === undefined) throw new Error('nothing decides an order where there is no warehouse')
    return this.#now.deciders(facts).sourcer
  }

  #follow(network: Network): void {
    this.#sourcers = new Map()
    this.#now = network.warehouses.length === 0 ? undefined : { network, deciders: this.#deciders(network) }
    const { zone, priceOver } = this.#options
    this.#current =
      this.#now === undefined
        ? nowhere
        : sourcingBy(network, this.#now.deciders, zone, { price: priceOver?.(network), utilisation: this.#utilisation(network) })
  }

  #utilisation(network: Network): () => Levels['utilisation'] {
    const { warehouses } = this.#options
    let known = warehouses.backlog
    let utilisation = utilisationOf(network, known)
    return () => {
      const { backlog } = warehouses
      if (backlog !== known) {
        known = backlog
        utilisation = utilisationOf(network, backlog)
      }
      return utilisation
    }
  }

  #deciders(network: Network): Deciders {
    const { policies, shadows, zone } = this.#options
    const sourcers = this.#sourcers
    const sourcerOf = (policy: Policy): Sourcer => {
      const known = sourcers.get(policy.id)
      if (known !== undefined) return known
      if (sourcers.size >= sourcersMax) sourcers.clear()
      const sourcer = createSourcer(network, policy)
      sourcers.set(policy.id, sourcer)
      return sourcer
    }
    return (facts) => {
      const { policy, shadows: beside } = policies.choose(facts)
      const sourcer = sourcerOf(policy)
      if (beside.length === 0) return { policy, sourcer }
      return {
        policy,
        sourcer,
        decided: (order, levels, live) => {
          for (const shadow of beside)
            shadows.offer({ policy: shadow.id, day: dayIn(zone, order.at), sourcer: () => sourcerOf(shadow), order, levels, live })
        },
      }
    }
  }
}
