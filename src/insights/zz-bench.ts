import { databaseWith } from '/work/main/tests/contracts/insight-story.ts'
import { InsightStore } from '/work/main/src/insights/store.ts'
import { answer } from '/work/main/src/insights/routes.ts'
const { database, close } = await databaseWith('insights')
const client = await database.client()
// 1,000,000 orders in a year: every quarter of an hour has some; five stages, log-normal durations, 20 codes on a third of them.
await client.query(`insert into insights.figures select 'GBP', '2026-01-01Z'::timestamptz + i * interval '15 minutes', 28,60,90,90,100000,1000,5000,1,1,100,2,25,80,3,500,26,30,3,2,20,3 from generate_series(0,35039) i`)
await client.query(`create temp table raw as select '2026-01-01Z'::timestamptz + random() * interval '365 days' as at, s as stage, ceil(ln(1000 * exp(6 + 1.5 * sqrt(-2*ln(random()+1e-9)) * cos(6.28318*random()))) / ln(1.02))::int as bin from generate_series(1,1000000) o, unnest(array['received_to_paid','paid_to_ready','ready_to_in_transit','in_transit_to_completed','total']) s`)
for (const [grain, trunc] of [['day','day'],['month','month'],['quarter','']] as const)
  await client.query(`insert into insights.durations select 'GBP', '${grain}', b, stage, bin, count(*) from (select ${trunc === '' ? "date_bin('15 minutes', at, '2026-01-01Z')" : `date_trunc('${trunc}', at, 'UTC')`} b, stage, bin from raw) x group by 2,3,4,5`.replace("'GBP', '"+grain+"', b", "'GBP', '"+grain+"', b").replace('group by 2,3,4,5','group by b, stage, bin'))
for (const [grain, step] of [['quarter','15 minutes'],['day','1 day'],['month','1 month']] as const)
  await client.query(`insert into insights.promotions select 'GBP', '${grain}', t, 'CODE' || c, 5, 100, 1000 from generate_series('2026-01-01Z'::timestamptz, '2026-12-31Z', '${step}') t, generate_series(1,20) c`)
await client.query('analyze')
console.log((await client.query(`select grain, count(*)::int from insights.durations group by 1`)).rows)
const store = new InsightStore(database)
for (const [from, to, interval] of [['2026-01-01','2026-12-31','day'],['2026-01-01','2026-12-31','month'],['2026-03-05','2026-11-20','week'],['2026-06-01','2026-06-30','day'],['2026-07-01','2026-07-01','day']] as const) {
  const times: number[] = []
  for (let i = 0; i < 12; i++) { const t = performance.now(); await answer({ store, zone: 'Europe/London' }, { from, to } as never, interval, undefined); times.push(performance.now() - t) }
  times.sort((a, b) => a - b)
  console.log(from, to, interval, 'median', times[6]!.toFixed(1), 'max', times[11]!.toFixed(1))
}
await client.end(); await close()
