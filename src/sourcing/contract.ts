/** The door of sourcing: what other rooms may import. */
export type { LineKind } from './instance.ts'
export { InstanceError } from './instance.ts'
export { betterOrders, type Bettered, type HoldingOrder, type Move, type MoveGroup, sourceTogether } from './batch-orders.ts'
export type {
  DaysByDistance,
  DeliveryService,
  LaneOverride,
  LaneTimes,
  Network,
  Region,
  TransferTariff,
  Warehouse,
  WeightStep,
  Zone,
} from './network.ts'
export { defaults, distanceKm } from './network.ts'
export { ownHolidays } from './holidays-store.ts'
export { networkFaults } from './network-check.ts'
export { type ParcelStep, parcelSteps } from './steps.ts'
export type { OrderFacts, Policy, PolicyText } from './policy.ts'
export { byPriority, choosePolicy, policyNamePattern, policyOf, policySchema } from './policy.ts'
export { parsePolicy } from './policy-check.ts'
export { cheapest, liveFromTheStart, presets, presetText } from './presets.ts'
export type {
  CostParts,
  Destination,
  Levels,
  PaidParts,
  RequestLine,
  Sourced,
  SourcedLine,
  SourcedShipment,
  SourcingOrder,
  Supply,
} from './request.ts'
export { replay, type ReplayOrder } from './replay.ts'
export { sourceInstanceText } from './solve.ts'
export { paidCents } from './sourced.ts'
export { createSourcer, type Sourcer } from './source.ts'
export { type PlannedParcel, type SupplyDays, supplyDaysOf, type Way } from './supply-days.ts'
export type { Alternative, AlternativeName, Candidate, Exclusion, ExclusionReason, Lack, Why } from './why.ts'
