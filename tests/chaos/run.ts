/** `node tests/chaos/run.ts --seed N --minutes M --phases kill,postgres,…`: chaos for as long as it is asked for. */
import { parseArgs } from 'node:util'
import { instrumentOf } from './instrument.ts'
import { type Phase, phases } from './nemesis.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    phases: { type: 'string', default: phases.join(',') },
  },
})
const asked = values.phases.split(',')
const unknown = asked.filter((name) => !phases.some((known) => known === name))
if (unknown.length > 0) throw new Error(`no such phase: ${unknown.join(', ')}; there are ${phases.join(', ')}`)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const { counts, findings } = await instrumentOf(asked as readonly Phase[]).run({
  seed,
  forMs: Number(values.minutes) * 60_000,
  say,
})
for (const [name, count] of Object.entries(counts)) say(`${name}: ${count}`)
for (const { told } of findings) say(told)
say(findings.length === 0 ? 'nothing found' : `${findings.length} found`)
process.exitCode = findings.length === 0 ? 0 : 1
