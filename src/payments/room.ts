/** The payments room, put together: what `main.ts` starts and `flow.ts` wires. */
import type { FastifyPluginAsync } from 'fastify'
import type { Instant } from '../kernel/ids.ts'
import type { OrderQueries } from '../orders/contract.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { Logger } from '../platform/log.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { Records } from '../platform/records/records.ts'
import type { Batches } from '../platform/store/work.ts'
import type { TaskHandler } from '../platform/tasks/handler.ts'
import { PageWaiters } from './adapters/page-waiters.ts'
import { paymentTasks } from './adapters/provider-tasks.ts'
import { simulatedName, SimulatedProvider } from './adapters/simulated.ts'
import { MemoryBooks, PostgresBooks, type SimulatedBooks } from './adapters/simulated-store.ts'
import { parseKnobs } from './adapters/simulated-knobs.ts'
import { simulatedRoutes } from './adapters/simulated-routes.ts'
import { isSecret } from './adapters/standard-webhooks.ts'
import type { PaymentQueries } from './contract.ts'
import type { PaymentProvider } from './provider.ts'
import { paymentReactions } from './reactions.ts'
import { paymentRoutes, webhookDoor } from './routes.ts'
import { PaymentService } from './service.ts'
import { type PaymentRepository, PostgresPayments } from './store.ts'
import { MemoryPayments } from './store.memory.ts'

export type PaymentStorage = Readonly<{ store: PaymentRepository; books: SimulatedBooks }>
export const paymentsInPostgres = (database: Database): PaymentStorage => ({
  store: new PostgresPayments(database),
  books: new PostgresBooks(database),
})
export const paymentsInMemory = (): Readonly<{ store: MemoryPayments; books: SimulatedBooks }> => ({
  store: new MemoryPayments(),
  books: new MemoryBooks(),
})

export type PaymentOptions = Readonly<{
  batches: Batches
  records: Records
  storage: PaymentStorage
  orders: OrderQueries
  /** The database's clock, as well as it is known outside a batch. */
  now: () => Instant
  /** Something was committed: reactions and tasks look now. */
  signal: () => void
  /** Where buyers reach this server; a function where the port is known only after listening. */
  baseUrl: string | (() => string)
  log: Logger
  environment: Readonly<Record<string, string | undefined>>
  /** Takes new attempts in place of the simulated one. */
  provider?: PaymentProvider | undefined
}>

export type PaymentsRoom = Readonly<{
  service: PaymentService
  queries: PaymentQueries
  reactions: readonly Reaction[]
  tasks: readonly TaskHandler[]
  routes: FastifyPluginAsync
  /** The provider itself: the demo plays buyers with `act`, tests turn its knobs. */
  simulated: SimulatedProvider
}>

/** @throws where `WAYBILL_SIMULATED_PAYMENT` or `WAYBILL_PAYMENT_WEBHOOK_SECRET` is malformed. */
export const createPayments = (options: PaymentOptions): PaymentsRoom => {
  const { batches, records, storage, orders, now, signal, baseUrl, log, environment } = options
  const knobs = parseKnobs(environment['WAYBILL_SIMULATED_PAYMENT'])
  const secret = checkedSecret(environment['WAYBILL_PAYMENT_WEBHOOK_SECRET'])
  const simulated = new SimulatedProvider({ books: storage.books, knobs, baseUrl, now, log, secret })
  const { provider = simulated } = options
  const providers = new Map<string, PaymentProvider>([simulated, provider].map((one) => [one.name, one]))
  const { store } = storage
  const service = new PaymentService({ batches, records, store, providers, provider: provider.name, now, signal })
  // In the same process, but through the same door: raw body, signature, inbox.
  simulated.sendTo(webhookDoor(service, simulatedName))
  const waiters = new PageWaiters(store)
  const routes = paymentRoutes({ service, orders, now, log, pageWithin: (payment, ms) => waiters.within(payment, ms) })
  return {
    service,
    queries: service,
    reactions: paymentReactions({ service, log }),
    tasks: paymentTasks({ service, providers, now, pageReady: (payment) => waiters.ready(payment) }),
    routes: simulatedRoutes(simulated, routes),
    simulated,
  }
}

const checkedSecret = (secret: string | undefined): string | undefined => {
  if (secret === undefined || secret === '' || isSecret(secret)) return secret === '' ? undefined : secret
  throw new Error('WAYBILL_PAYMENT_WEBHOOK_SECRET must be whsec_ followed by base64, for example whsec_$(openssl rand -base64 24)')
}
