/** A simulation as a job: what was asked, completed from what the shop has, and what came out. Pure. */
import type { Instant } from '../kernel/ids.ts'
import type { Policy } from '../sourcing/contract.ts'
import type { SimulationReport } from './simulation.ts'
import type { NetworkChange } from './simulation-network.ts'
import type { OrderRange, StockAsked } from './simulation-question.ts'

/** Policies whole, as they were when it was asked: a later version of theirs does not change an answer. */
export type SimulationAsked = Readonly<{
  policies: readonly Policy[]
  orders: OrderRange
  network?: NetworkChange | undefined
  stock?: StockAsked | undefined
}>
export type SimulationAnswer = SimulationReport &
  Readonly<{
    /** When the first and the last of the orders were placed. */
    from: Instant
    to: Instant
    /** Orders of the range without anything that leaves a warehouse. */
    withoutUnits: number
    warehouses: readonly string[]
    /** In words, as the network is. */
    stock: string
    network: string
  }>
