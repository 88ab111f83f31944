/** `node tests/simulation/run.ts --seed N [--trace] [--count M] [--few] [--whole]`: runs seeds again, and shows what happened in one. */
import { parseArgs } from 'node:util'
import { drawOperations } from './operations.ts'
import { report } from './report.ts'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    few: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    count: { type: 'string', default: '1' },
  },
})
const first = Number(values.seed)
const began = performance.now()
let failed = 0
const counts: Record<string, number> = {}
for (let seed = first; seed < first + Number(values.count); seed++) {
  const run = await simulate(seed, { trace: values.trace, whole: values.whole, operations: drawOperations(seed, values.few) })
  if (values.trace) console.log(run.trace.join('\n'))
  for (const [name, count] of Object.entries(run.counts)) counts[name] = (counts[name] ?? 0) + count
  if (values.count === '1') console.log(`hash ${run.hash}`)
  if (run.violations.length === 0) continue
  if (values.brief) {
    failed += 1
    console.log(
      `seed ${seed}${run.counts['failOver'] ? ' FO' : ''}: ${run.violations
        .slice(0, 2)
        .map(({ check, what }) => `${check}: ${what}`)
        .join(' | ')
        .slice(0, 300)}`,
    )
    continue
  }
  failed += 1
  console.log(await report(run, values.few ? ' --few' : ''))
}
const seconds = (performance.now() - began) / 1000
console.log(`${values.count} seeds, ${failed} failed, ${(Number(values.count) / seconds).toFixed(1)} seeds/s`)
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', '),
)
process.exitCode = failed === 0 ? 0 : 1
