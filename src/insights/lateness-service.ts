/** What past deliveries say of the next one: read whole, kept in memory, read again every minute. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Day, Instant } from '../kernel/ids.ts'
import { dayIn } from '../kernel/time.ts'
import { nowMs } from '../kernel/timers.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import { office } from '../platform/http/policy.ts'
import type { Database } from '../platform/postgres/database.ts'
import { calibrate, type Calibration, deliveriesMin, type Lane, type LatenessCount, reportOf, target } from './lateness.ts'
import { countLateness, type PlansOf } from './lateness-reactions.ts'
import { LatenessStore } from './lateness-store.ts'

/** The month that runs and those before it: long enough for thin lanes, short enough to forget a bad winter. */
const windowMonths = 6
const staleMs = 60_000

export type LatenessOptions = Readonly<{ database: Database; plansOf: PlansOf; zone: string; now: () => Instant }>

export class Lateness {
  readonly reaction: Reaction
  readonly #store: LatenessStore
  readonly #options: LatenessOptions
  #calibration: Calibration = calibrate([])
  #readAt = 0

  constructor(options: LatenessOptions) {
    this.#options = options
    this.#store = new LatenessStore(options.database)
    this.reaction = countLateness(this.#store, options.plansOf, options.zone)
  }

  /** As last read: at most a minute old while promises are made. */
  bufferDays(lane: Lane): number {
    if (nowMs() - this.#readAt > staleMs) {
      this.#readAt = nowMs()
      // A failed read leaves what is known; the next one comes in a minute.
      this.read().catch(() => undefined)
    }
    return this.#calibration(lane).bufferDays
  }

  async read(): Promise<readonly LatenessCount[]> {
    const { zone, now } = this.#options
    const counts = await this.#store.counts(firstMonth(dayIn(zone, now())))
    this.#readAt = nowMs()
    this.#calibration = calibrate(counts)
    return counts
  }

  readonly routes: FastifyPluginAsyncTypebox = async (edge) => {
    edge.get(
      '/v1/insights/lateness',
      { schema: { summary: 'How promises were kept, by lane' }, config: { policy: { roles: office } } },
      async () => ({ target, deliveriesMin, windowMonths, lanes: reportOf(await this.read()) }),
    )
  }
}

const firstMonth = (today: Day): Day => {
  const [year = 0, month = 0] = today.split('-').map(Number)
  return new Date(Date.UTC(year, month - windowMonths, 1)).toISOString().slice(0, 10) as Day
}
