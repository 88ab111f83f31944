/** The room of figures: wired here, so that `main.ts` names one thing. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { JournalReader } from '../platform/bus/journal.ts'
import type { Database } from '../platform/postgres/database.ts'
import { insightReaction } from './reactions.ts'
import { type Rebuilt, rebuild } from './rebuild-store.ts'
import { insightRoutes } from './routes.ts'
import { InsightStore } from './store.ts'

export type Insights = Readonly<{
  reactions: readonly Reaction[]
  routes: FastifyPluginAsyncTypebox
  /** Fills the figures anew from the journal, beside the living ones. */
  rebuild: () => Promise<Rebuilt>
}>

/** @param zone the shop's time zone (IANA name): it says where a day begins and whether a delivery kept its promised day. */
export const createInsights = ({
  database,
  journal,
  zone,
}: Readonly<{ database: Database; journal: JournalReader; zone: string }>): Insights => {
  const store = new InsightStore(database)
  return {
    reactions: [insightReaction(store, zone)],
    routes: insightRoutes({ store, zone, now: () => database.nowEstimate() }),
    rebuild: () => rebuild(database, journal, zone),
  }
}
