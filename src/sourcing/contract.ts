/** The door of sourcing: what other rooms may import. */
export type { LineKind } from './instance.ts'
export { InstanceError } from './instance.ts'
export type { DaysByDistance, DeliveryService, LaneOverride, Network, TransferTariff, Warehouse, WeightStep } from './network.ts'
export { checkNetwork, defaults, distanceKm } from './network.ts'
export type { Policy } from './policy.ts'
export { cheapest, fastest, fewestParcels, policies } from './policy.ts'
export type {
  CostParts,
  Destination,
  Levels,
  RequestLine,
  Sourced,
  SourcedLine,
  SourcedShipment,
  SourcingOrder,
  Supply,
} from './request.ts'
export { sourceInstanceText } from './solve.ts'
export { createSourcer, type Sourcer } from './source.ts'
export type { Alternative, AlternativeName, Candidate, Exclusion, ExclusionReason, Lack, Why } from './why.ts'
