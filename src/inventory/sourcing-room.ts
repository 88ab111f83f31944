/** Sourcing as the shop runs it, put together: policies, the engine that follows them and the network, and shadows. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Logger } from '../platform/log.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { Batches } from '../platform/store/work.ts'
import { Engine, type EngineOptions } from './engine-service.ts'
import { type PriceOptions, Prices } from './prices-service.ts'
import { postgresPrices, type PriceRepository } from './prices-store.ts'
import { policyRoutes } from './policies-routes.ts'
import { Policies, type PolicyOptions } from './policies-service.ts'
import { type PolicyRepository, postgresPolicies } from './policies-store.ts'
import { Shadows, type ShadowOptions } from './shadow-service.ts'

export type SourcingStorage = Readonly<{ policies: PolicyRepository; prices: PriceRepository }>
export const sourcingInPostgres = (database: Database): SourcingStorage => ({
  policies: postgresPolicies(database),
  prices: postgresPrices(database),
})

export type SourcingOptions = Readonly<{ batches: Batches; storage: SourcingStorage; log: Logger }> &
  Pick<PolicyOptions, 'records' | 'now' | 'committed'> &
  Pick<EngineOptions, 'warehouses' | 'zone'> &
  Pick<ShadowOptions, 'backlog'> &
  Pick<PriceOptions, 'stock' | 'recent'>
export type SourcingRoom = Readonly<{
  policies: Policies
  engine: Engine
  shadows: Shadows
  prices: Prices
  routes: FastifyPluginAsyncTypebox
}>

export const createSourcing = ({
  batches,
  storage,
  log,
  records,
  now,
  committed,
  warehouses,
  zone,
  backlog,
  stock,
  recent,
}: SourcingOptions): SourcingRoom => {
  const { policies: repository } = storage
  const policies = new Policies({ batches, records, repository, now, committed })
  const warn = (fault: unknown): void => log.warn({ fault }, 'a shadow policy could not decide an order')
  const shadows = new Shadows({ repository, backlog, warn })
  const prices = new Prices({
    repository: storage.prices,
    stock,
    recent,
    network: () => engine.network,
    sourcerFor: ({ destination: { country }, shippingMethod, channel, total, group }) =>
      engine.sourcerFor({ shippingMethod, country, channel, total, group: group ?? undefined }),
    now,
    zone,
  })
  const engine = new Engine({ warehouses, policies, shadows, zone, priceOver: (network) => prices.over(network) })
  return {
    policies,
    engine,
    shadows,
    prices,
    routes: policyRoutes({ policies, repository, now, isWarehouse: (id) => warehouses.find(id) !== undefined }),
  }
}
