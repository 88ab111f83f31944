/**
 * `node tests/mutants/raced.ts --pair NAME [--count N] [--seed S]`: the interleavings of one pair until one shows a fault, for
 * mutants. Ends with 1 where something was found.
 */
import { parseArgs } from 'node:util'
import { pairs } from '../interleavings/pairs.ts'
import { Race } from '../interleavings/race.ts'
import { World } from '../interleavings/world.ts'

const { values } = parseArgs({
  options: {
    pair: { type: 'string' },
    count: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
  },
})
const pair = pairs.find(({ name }) => name === values.pair)
if (pair === undefined) throw new Error(`there is no pair ${values.pair}; there are ${pairs.map(({ name }) => name).join(' · ')}`)

const world = await World.open()
try {
  const { found, schedules } = await new Race(world, pair).explore(Number(values.count), Number(values.seed))
  process.stdout.write(`${pair.name}: ${schedules} schedules, ${found.length} with a fault\n`)
  for (const { invariant, told, schedule } of found.slice(0, 3))
    process.stdout.write(
      `${invariant}: ${told}\nrun it again: node tests/interleavings/run.ts --pair '${pair.name}' --schedule ${schedule}\n`,
    )
  if (found.length > 0) process.exitCode = 1
} finally {
  await world.close()
}
