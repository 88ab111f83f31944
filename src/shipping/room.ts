/** The whole room, put together: what `main.ts` and `flow.ts` take. */
import { randomBytes } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Instant } from '../kernel/ids.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { Records } from '../platform/records/records.ts'
import type { Batches } from '../platform/store/work.ts'
import type { TaskHandler } from '../platform/tasks/handler.ts'
import { SimulatedCarrier } from './adapters/simulated.ts'
import type { Carrier } from './carrier.ts'
import { carrierRoutes } from './carrier-routes.ts'
import type { ParcelQueries } from './contract.ts'
import { fulfilmentFollowed } from './reactions.ts'
import { parcelRoutes } from './routes.ts'
import { type CarrierChoice, ShippingService } from './service.ts'
import type { ShippingStores } from './store.ts'
import { cancelHandler, labelHandler, playHandler, playing, type Recipient } from './tasks.ts'

export type CreateShipping = Readonly<{
  batches: Batches
  records: Records
  stores: ShippingStores
  /** The address of this server, without a slash at its end; asked when a label is made, since a port may be chosen late. */
  baseUrl: () => string
  committed: () => void
  now: () => Instant
  simulated?: Readonly<{
    /** WAYBILL_SIMULATED_CARRIER */
    mode?: 'manual' | 'auto'
    /** WAYBILL_CARRIER_WEBHOOK_SECRET; one is made and stored where it is absent. */
    secret?: string | undefined
    /** Seconds from step to step in `auto`. */
    paceSeconds?: number
  }>
  /** Carriers before the simulated one: the first of all takes what `choose` names nobody for. */
  carriers?: readonly Carrier[]
  choose?: (shippingMethod: string) => CarrierChoice
  recipient?: Recipient
}>

export type Shipping = Readonly<{
  service: ShippingService
  reactions: Readonly<{ followFulfilment: Reaction }>
  tasks: readonly TaskHandler[]
  routes: readonly FastifyPluginAsyncTypebox[]
  queries: ParcelQueries
  simulated: SimulatedCarrier
}>

/** Slow enough to be watched, quick enough to wait for. */
const paceDefault = 2
const secretBytes = 32

export const createShipping = async (options: CreateShipping): Promise<Shipping> => {
  const { batches, records, stores, baseUrl, committed, now, choose, carriers = [] } = options
  const { mode = 'manual', paceSeconds = paceDefault } = options.simulated ?? {}
  // Set to nothing is not set: with an empty key anyone could sign.
  const given = options.simulated?.secret?.trim() ?? ''
  const make = (): string => randomBytes(secretBytes).toString('base64url')
  const secret = given === '' ? await stores.secrets.get('simulated-carrier', make) : given
  const simulated = new SimulatedCarrier({ shipments: stores.simulated, secret, baseUrl })
  const service = new ShippingService({
    batches,
    records,
    stores,
    carriers: [...carriers, simulated],
    choose,
    effects: mode === 'auto' ? playing(records, paceSeconds) : undefined,
    committed,
  })
  const recipient: Recipient = options.recipient ?? (() => Promise.resolve([]))
  return {
    service,
    reactions: { followFulfilment: fulfilmentFollowed(service) },
    // Handlers stay in `manual` too: what was scheduled before a restart is still done.
    tasks: [labelHandler(service, recipient), cancelHandler(service), playHandler(service)],
    routes: [parcelRoutes({ service, recipient, now }), carrierRoutes(service, { carrier: simulated, mode, baseUrl })],
    queries: service,
    simulated,
  }
}
