/**
 * Races pairs by hand: `node tests/interleavings/run.ts [--pair NAME] [--schedule LETTERS] [--count N] [--seed S]`. With a
 * schedule that one is run again and shown statement by statement; a letter is the next statement of that party. Ends with 1
 * where a promise was broken.
 */
import { parseArgs } from 'node:util'
import { pairs } from './pairs.ts'
import { Race, replayCommand, toldOf } from './race.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: { pair: { type: 'string' }, schedule: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string' } },
})
const { pair: named, schedule, count = '200', seed = '1' } = values
const exact = pairs.filter(({ name }) => name === named)
/** A name's beginning stands for all that begin so. */
const asked = exact.length > 0 ? exact : pairs.filter(({ name }) => named === undefined || name.startsWith(named))
if (asked.length === 0) throw new Error(`there is no pair ${named}; there are:\n${pairs.map(({ name }) => name).join('\n')}`)
const shownMax = 3
const say = (...lines: readonly string[]): unknown => process.stdout.write(`${lines.join('\n')}\n`)

const world = await World.open()
try {
  for (const pair of asked) {
    const race = new Race(world, pair)
    if (schedule !== undefined) {
      const { ran, found } = await race.again(schedule)
      say(`${pair.name} ${ran.schedule}`, ...ran.trace.map((line) => `  ${line}`))
      for (const { invariant, told } of found) say(`${invariant}: ${told}`)
      if (found.length > 0) process.exitCode = 1
      continue
    }
    const begun = performance.now()
    const raced = await race.explore(Number(count), Number(seed))
    say(`${toldOf(raced)}; ${((performance.now() - begun) / 1000).toFixed(1)} s`)
    for (const found of raced.found.slice(0, shownMax)) say(`  ${found.invariant} ${found.told}`, `    ${replayCommand(found)}`)
    if (raced.found.length > 0) process.exitCode = 1
    if (raced.found.length > shownMax) say(`  and ${raced.found.length - shownMax} more`)
  }
} finally {
  await world.close()
}
