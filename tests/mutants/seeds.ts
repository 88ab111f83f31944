/**
 * `node tests/mutants/seeds.ts [--from N] [--count M] [--without CHECK]… [--alone CHECK] [--whole]`: seeds of the simulation until one
 * shows a fault, for mutants; ends with 1 there. `--without` leaves a checker out. `--alone` looks for a seed that this checker
 * finds out, and that passes with it left out: then nobody else would have seen it.
 */
import { parseArgs } from 'node:util'
import { type CheckName, checkNames } from '../simulation/checker.ts'
import { simulate } from '../simulation/simulate.ts'

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    without: { type: 'string', multiple: true, default: [] },
    alone: { type: 'string' },
    whole: { type: 'boolean', default: false },
  },
})
const known = (name: string): CheckName => {
  const check = checkNames.find((one) => one === name)
  if (check === undefined) throw new Error(`there is no checker ${name}; there are ${checkNames.join(', ')}`)
  return check
}
const without = values.without.map(known)
const { whole } = values
const alone = values.alone === undefined ? undefined : known(values.alone)

const from = Number(values.from)
for (let seed = from; seed < from + Number(values.count); seed++) {
  const { violations } = await simulate(seed, { without, whole })
  if (violations.length === 0) continue
  if (alone !== undefined) {
    if (!violations.some(({ check }) => check === alone)) continue
    const others = await simulate(seed, { without: [...without, alone], whole })
    if (others.violations.length > 0) continue
  }
  const told = violations.map(({ check, what }) => `${check}: ${what}`)
  process.stdout.write(
    `seed ${seed}\n${told.slice(0, 5).join('\n')}\nrun it again: node tests/simulation/run.ts --seed ${seed}${whole ? ' --whole' : ''} --trace\n`,
  )
  process.exitCode = 1
  break
}
