import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Day, Instant } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { addDays, dayIn, daysBetween } from '../kernel/time.ts'
import { office } from '../platform/http/policy.ts'
import { intervalsOf, type Interval } from './calendar.ts'
import { type Report, reportOf } from './report.ts'
import type { InsightStore } from './store.ts'

/** A point a day for a year and a bit; longer ranges are asked for by week or month. */
const pointsMax = 400
/** A year has 35,000 buckets, summed at reading in 60 ms. */
const daysMax = 3 * 366
const daysDefault = 30

const day = Type.Unsafe<Day>({ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
const interval = Type.Unsafe<Interval>({ type: 'string', enum: ['day', 'week', 'month'] })
const question = Type.Object(
  {
    from: Type.Optional(day),
    to: Type.Optional(day),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    interval: Type.Optional(interval),
  },
  { additionalProperties: false },
)

const wrongRange = (pointer: string, detail: string): Problem =>
  new Problem('range_invalid', { status: 400, title: 'The range cannot be answered' }, detail, {
    errors: [{ pointer, code: 'range_invalid', detail }],
  })

/** Any text of the right shape that is no day of the calendar, such as the 30th of February. */
const isDay = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

export type InsightRoutesOptions = Readonly<{ store: InsightStore; zone: string; now: () => Instant }>

/** @param range days of the shop's zone, both included. */
export const answer = async (
  { store, zone }: Pick<InsightRoutesOptions, 'store' | 'zone'>,
  range: Readonly<{ from: Day; to: Day }>,
  interval: Interval,
  currency?: string,
): Promise<Report> => {
  const intervals = intervalsOf(zone, range, interval)
  const [first, last] = [intervals[0], intervals.at(-1)]
  if (first === undefined || last === undefined) throw wrongRange('/from', '`from` lies after `to`.')
  const span = { from: first.from, to: last.to }
  const currencies = await store.currencies(span)
  const asked = currency ?? currencies[0] ?? 'GBP'
  const [sums, bins, promotions, stock] = await Promise.all([
    store.figures(
      asked,
      intervals.map(({ from }) => from),
      span.to,
    ),
    store.durations(asked, span),
    store.promotions(asked, span),
    store.stock(span),
  ])
  const starts = intervals.map(({ start }) => start)
  return reportOf({
    currency: asked,
    currencies,
    range: { ...range, interval, timeZone: zone },
    starts,
    sums,
    bins,
    promotions,
    stock,
  })
}

export const insightRoutes =
  (options: InsightRoutesOptions): FastifyPluginAsyncTypebox =>
  async (edge) => {
    edge.get(
      '/v1/insights',
      { schema: { summary: 'Figures of a range of days', querystring: question }, config: { policy: { roles: office } } },
      async ({ query }) => {
        for (const name of ['from', 'to'] as const) {
          const text = query[name]
          if (text !== undefined && !isDay(text)) throw wrongRange(`/${name}`, `${text} is no day of the calendar.`)
        }
        const to = query.to ?? dayIn(options.zone, options.now())
        const from = query.from ?? addDays(to, 1 - daysDefault)
        const interval = query.interval ?? 'day'
        const days = daysBetween(from, to) + 1
        if (days < 1) throw wrongRange('/from', '`from` lies after `to`.')
        if (days > daysMax) throw wrongRange('/from', `The range has ${days} days; at most ${daysMax} are answered at once.`)
        if (interval === 'day' && days > pointsMax)
          throw wrongRange('/interval', `${days} days are too many points: ask by week or month.`)
        return answer(options, { from, to }, interval, query.currency)
      },
    )
  }
