/** Works the reasons of a kept decision out again: the same question, to the same engine, over the network and policy it was decided by. */
import {
  createSourcer,
  type CostParts,
  type Network,
  type ParcelStep,
  parcelSteps,
  type Policy,
  type Sourcer,
  type Why,
} from '../sourcing/contract.ts'
import { questionOf, type Recorded } from './decision.ts'

/** Networks and policies as they were; undefined where a version is not known here. */
export type Versions = Readonly<{
  networkAt: (version: string) => Promise<Network | undefined>
  policyAt: (id: string) => Promise<Policy | undefined>
}>

export type Explained = Readonly<{
  /** False: the engine answers differently today than when it was decided, so the reasons are of today's engine. */
  reproduced: boolean
  /** `steps`: what its days are counted from. */
  parcels: readonly Readonly<{ place: string; service: string; cost: number; parts: CostParts; steps: readonly ParcelStep[] }>[]
  why: Why
}>

/** Compiled engines kept: versions change seldom, and reasons are asked for by people. */
const sourcersMax = 8

export class Explanations {
  readonly #versions: Versions
  readonly #sourcers = new Map<string, Readonly<{ network: Network; sourcer: Sourcer }>>()

  constructor(versions: Versions) {
    this.#versions = versions
  }

  /** Undefined: the network or the policy of that decision is not known any more. */
  async of(recorded: Recorded): Promise<Explained | undefined> {
    const engine = await this.#engine(recorded.decision.network, recorded.decision.policy)
    if (engine === undefined) return undefined
    const { order, levels } = questionOf(recorded, engine.network)
    const sourced = engine.sourcer.source(order, levels, recorded.decision.bounded)
    return {
      reproduced: sourced.cost === recorded.decision.cost && sourced.parcels === recorded.shipments.length,
      parcels: sourced.shipments.map((parcel) => {
        const { place, service, cost, parts } = parcel
        return {
          place,
          service,
          cost,
          parts,
          steps: parcelSteps(engine.network, { ...order, utilisation: levels.utilisation }, parcel),
        }
      }),
      why: engine.sourcer.explain(order, levels, sourced),
    }
  }

  async #engine(version: string, policyId: string) {
    const key = `${version} ${policyId}`
    const known = this.#sourcers.get(key)
    if (known !== undefined) return known
    const network = await this.#versions.networkAt(version)
    const policy = await this.#versions.policyAt(policyId)
    if (network === undefined || policy === undefined) return undefined
    const engine = { network, sourcer: createSourcer(network, policy) }
    if (this.#sourcers.size >= sourcersMax) this.#sourcers.clear()
    this.#sourcers.set(key, engine)
    return engine
  }
}
