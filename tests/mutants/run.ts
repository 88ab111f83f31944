/**
 * `node tests/mutants/run.ts [--only TEXT] [--show] [--keep] [--sound] [--list] [--docs]`: plants each mutant into a copy of the tree,
 * runs what must catch it, and prints the score. `--only`: those whose name contains a text; `--show`: what the catcher
 * printed; `--keep`: leaves a copy with the first of them planted, and says where; `--sound`: every catcher on the sound copy instead; `--docs`: writes the page's table. Ends with 1 where one was
 * not caught.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startTestCluster } from '../support/database.ts'
import { commandOf } from './mutant.ts'
import { mutants } from './mutants.ts'
import { Ground, type Run } from './ground.ts'
import { hunt, type Judged, scoreOf, soundness } from './score.ts'
import { withTable } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    show: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    sound: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
  },
})
const say = (line: string): unknown => process.stdout.write(`${line}\n`)
const chosen = mutants.filter(({ name }) => name.includes(values.only))
if (chosen.length === 0) throw new Error(`no mutant's name contains ${values.only}`)

const told = ({ name, invariant, verdict, ms }: Judged, run: Run | undefined): void => {
  say(`${verdict.padEnd(9)} ${invariant.padEnd(4)} ${name} (${(ms / 1_000).toFixed(1)} s)`)
  if (values.show && run !== undefined) say(run.output)
  const mutant = chosen.find((one) => one.name === name)
  if (verdict !== 'caught' && mutant !== undefined) say(`          ${commandOf(mutant.catchedBy)}`)
}

/** @returns whether all was as it should be. */
const go = async (database: string): Promise<boolean> => {
  if (values.sound) {
    const faulty = await soundness(chosen, database)
    for (const { command, run } of faulty) say(`fails on the sound copy: ${command}\n${run.output}`)
    return faulty.length === 0
  }
  const judged = await hunt({ mutants: chosen, database, told })
  say(`${scoreOf(judged)} mutants caught`)
  return judged.every(({ verdict }) => verdict === 'caught')
}

if (values.list) for (const { name, invariant, file } of chosen) say(`${invariant.padEnd(4)} ${name} (${file})`)
else if (values.keep) {
  const [mutant] = chosen
  if (mutant !== undefined) say(`${mutant.name}, in ${mutant.file}: ${new Ground(undefined).keep(mutant)}`)
} else if (values.docs) {
  const page = join(import.meta.dirname, '../../docs/reference/mutants.md')
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), mutants))
} else {
  const given = process.env['WAYBILL_TEST_DATABASE']
  const cluster = given === undefined ? await startTestCluster() : undefined
  try {
    if (!(await go(given ?? JSON.stringify(cluster?.connection)))) process.exitCode = 1
  } finally {
    await cluster?.stop()
  }
}
