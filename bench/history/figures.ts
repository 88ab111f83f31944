/** What each template adds to the owner's figures: folded by the product's own rules, then summed in the database. */
import type pg from 'pg'
import type { Instant, OrderId } from '../../src/kernel/ids.ts'
import { milliseconds } from '../../src/kernel/time.ts'
import {
  advance,
  type Figures,
  figureNames,
  type OrderLife,
  place,
  type PromotionUse,
  type Stage,
} from '../../src/insights/order-life.ts'
import type { OrderEvent } from '../../src/orders/contract.ts'

export type TemplateFigures = Readonly<{
  figures: Figures
  completedMs: number | null
  promised: string | null
  took: readonly Readonly<{ stage: Stage; fromMs: number; toMs: number }>[]
  promotions: readonly PromotionUse[]
}>

export const figuresOf = async (client: pg.Client, order: OrderId, zone: string): Promise<TemplateFigures> => {
  const { rows } = await client.query<{ type: string; at: Instant; body: object }>(
    'select type, at, body from platform.journal where stream = $1 order by version',
    [order],
  )
  const sums = new Map<string, number>()
  const took: { stage: Stage; fromMs: number; toMs: number }[] = []
  const promotions: PromotionUse[] = []
  let life: OrderLife | undefined
  for (const { type, at, body } of rows) {
    const event = { type, ...body } as OrderEvent
    if (life === undefined && event.type !== 'OrderPlaced') throw new Error(`${order} does not begin with its placing`)
    const step = event.type === 'OrderPlaced' || life === undefined ? place(event as never) : advance(life, event, { at, zone })
    const toMs = milliseconds(at) - milliseconds(step.life.placedAt)
    for (const [name, value] of Object.entries(step.figures)) sums.set(name, (sums.get(name) ?? 0) + value)
    for (const { stage, durationMs } of step.took ?? []) took.push({ stage, fromMs: toMs - durationMs, toMs })
    promotions.push(...(step.promotions ?? []))
    life = step.life
  }
  if (life === undefined) throw new Error(`${order} has no history`)
  const { completedAt, placedAt, promised } = life
  const completedMs = completedAt === undefined ? null : milliseconds(completedAt) - milliseconds(placedAt)
  return { figures: Object.fromEntries(sums), completedMs, promised: promised ?? null, took, promotions }
}

/** Beside `figures`: whether the promise was kept follows from when the copy was completed. */
const counted = figureNames.filter((name) => name !== 'on_time' && name !== 'late')

export const figureTablesSql = `
  create unlogged table bench_history.figures (template int, completed_ms int8, promised int, ${counted.map((name) => `${name} int8`).join(', ')});
  create unlogged table bench_history.took (template int, stage text, from_ms int8, to_ms int8);
  create unlogged table bench_history.promotions (template int, code text, discount int8, order_value int8);`

/** @param promisedDays by template, days after the day of placing. */
export const stageFigures = async (
  client: pg.Client,
  of: readonly TemplateFigures[],
  promisedDays: readonly (number | null)[],
): Promise<void> => {
  for (const [template, { figures, completedMs, took, promotions }] of of.entries()) {
    const values = [template, completedMs, promisedDays[template] ?? null, ...counted.map((name) => figures[name] ?? 0)]
    await client.query(`insert into bench_history.figures values (${values.map((_, index) => `$${index + 1}`).join(', ')})`, values)
    for (const { stage, fromMs, toMs } of took)
      await client.query('insert into bench_history.took values ($1, $2, $3, $4)', [template, stage, fromMs, toMs])
    for (const { code, discount, orderValue } of promotions)
      await client.query('insert into bench_history.promotions values ($1, $2, $3, $4)', [template, code, discount, orderValue])
  }
}

const grains = (at: string): string =>
  `lateral (values ('quarter', date_bin('15 minutes', ${at}, 'epoch')), ('day', date_trunc('day', ${at}, 'UTC')), ('month', date_trunc('month', ${at}, 'UTC'))) as g (grain, at)`
const added = (table: string, names: readonly string[]): string =>
  names.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', ')
const within = (ms: string): string =>
  `(c.placed_at + bench_history.stretched(${ms}, c.life_ms, c.stretch) * interval '1 millisecond')`

/** The sums of all copies; bins as `src/insights/histogram.ts` has them. */
export const figureStatements = (zone: string): readonly string[] => [
  `insert into insights.figures (currency, at, ${counted.join(', ')}, on_time, late)
    select 'GBP', date_bin('15 minutes', c.placed_at, 'epoch'), ${counted.map((name) => `sum(f.${name})`).join(', ')},
        count(*) filter (where kept), count(*) filter (where not kept)
      from bench_history.copy c join bench_history.figures f using (template),
        lateral (select (${within('f.completed_ms')} at time zone '${zone}')::date <= c.day + f.promised as kept) k
     group by 2 order by 2 on conflict (currency, at) do update set ${added('figures', figureNames)}`,
  `insert into insights.durations (currency, grain, at, stage, bin, count)
    select 'GBP', g.grain, g.at, t.stage, case when ms < 1 then -1 else ceil(ln(ms) / ln(1.02::float8)) end::int, count(*)
      from bench_history.copy c join bench_history.took t using (template),
        lateral (select (bench_history.stretched(t.to_ms, c.life_ms, c.stretch) - bench_history.stretched(t.from_ms, c.life_ms, c.stretch))::float8 as ms) d,
        ${grains(within('t.to_ms'))}
     group by 2, 3, 4, 5 order by 3, 2 on conflict (currency, grain, at, stage, bin) do update set ${added('durations', ['count'])}`,
  `insert into insights.promotions (currency, grain, at, code, uses, discount, order_value)
    select 'GBP', g.grain, g.at, p.code, count(*), sum(p.discount), sum(p.order_value)
      from bench_history.copy c join bench_history.promotions p using (template), ${grains('c.placed_at')}
     group by 2, 3, 4 order by 3, 2 on conflict (currency, grain, at, code) do update set ${added('promotions', ['uses', 'discount', 'order_value'])}`,
]
