/** Every mutant still applies, is on the page, and is caught; and a promise's checker is what catches its mutants. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { properties } from '../properties/instrument.ts'
import { startTestCluster, type TestCluster } from '../support/database.ts'
import { applies, editsOf, planted } from './ground.ts'
import type { Mutant } from './mutant.ts'
import { mutants } from './mutants.ts'
import { byCheckerAlone, withoutChecker } from './seen-by-simulation.ts'
import { hunt } from './score.ts'
import { tableMarks, withTable } from './table.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What its catcher names that is not there: such a catcher would find nothing, or everything. */
const missing = ({ catchedBy }: Mutant): readonly string[] => {
  if (!existsSync(join(root, catchedBy.file))) return [catchedBy.file]
  if (catchedBy.kind === 'command') return []
  if (catchedBy.kind === 'property')
    return properties.filter(({ name }) => name.includes(catchedBy.name)).length === 1 ? [] : [catchedBy.name]
  const text = read(catchedBy.file)
  return catchedBy.name.split('|').filter((name) => !text.includes(name))
}

describe('The mutants', () => {
  it('are twenty-five at least, fifteen of them named beforehand, each by a name of its own', () => {
    assert.ok(mutants.length >= 25 && mutants.filter(({ beforehand }) => beforehand === true).length >= 15)
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length)
  })

  it('can be planted: their text is in the source once, and the source stays one', () => {
    for (const mutant of mutants) {
      assert.ok(applies(mutant), `${mutant.name}: its text does not occur exactly once in ${mutant.file}: write it again`)
      for (const edit of editsOf(mutant)) assert.notEqual(planted(edit), read(edit.file))
    }
  })

  it('have catchers that are there', () => {
    for (const mutant of mutants) assert.deepEqual(missing(mutant), [], mutant.name)
  })

  it('are on their page, as they are', () => {
    const page = read('docs/reference/mutants.md')
    for (const mark of tableMarks) assert.ok(page.includes(mark))
    assert.equal(withTable(page, mutants), page, 'run node tests/mutants/run.ts --docs')
  })
})

describe('A mutant', () => {
  let cluster: TestCluster | undefined
  let database = process.env['WAYBILL_TEST_DATABASE'] ?? ''

  before(async () => {
    if (database !== '') return
    cluster = await startTestCluster()
    database = JSON.stringify(cluster.connection)
  })
  after(() => cluster?.stop())

  it('is caught, whichever it is', async (test) => {
    const judged = await hunt({
      mutants,
      database,
      told: ({ name, verdict }, run) => test.diagnostic(`${verdict}: ${name} (${run?.ms ?? 0} ms)`),
    })
    const free = judged.filter(({ verdict }) => verdict !== 'caught').map(({ name, verdict }) => `${name}: ${verdict}`)
    assert.deepEqual(free, [], 'run node tests/mutants/run.ts --only … --show')
    assert.equal(judged.length, mutants.length)
  })

  for (const { mutant, check } of withoutChecker)
    it(`is found by the checker of ${check}, and gets through without it: ${mutant}`, async () => {
      const found = mutants.find(({ name }) => name === mutant)
      assert.ok(found !== undefined)
      let output = ''
      const [judged] = await hunt({
        mutants: [{ ...found, catchedBy: byCheckerAlone(check) }],
        database,
        told: (_, run) => (output = run?.output ?? ''),
      })
      assert.equal(judged?.verdict, 'caught', output)
      assert.match(output, new RegExp(`^${check}: `, 'm'))
    })

  it('that does no harm survives, and one that no longer fits is said to be so', async () => {
    const [first] = mutants
    assert.ok(first !== undefined)
    const { find } = first
    const harmless: Mutant = { ...first, name: 'harmless', replace: `${find} // the same` }
    const judged = await hunt({
      mutants: [
        { ...harmless, replace: `${find} ` },
        { ...first, name: 'gone', find: 'no such text' },
      ],
      database,
      told: () => undefined,
    })
    assert.deepEqual(
      judged.map(({ verdict }) => verdict),
      ['survived', 'not_applicable'],
    )
  })
})
