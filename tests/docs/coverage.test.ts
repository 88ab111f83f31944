/** docs/coverage.md has each requirement once, in order, with a state and with tests that are there. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const rowsOf = { A: 17, B: 16, C: 18, D: 8, T: 5 } as const
const required = Object.entries(rowsOf).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
)

type Row = Readonly<{ id: string; state: string; tests: readonly string[] }>
const rowsIn = (page: string): readonly Row[] =>
  [...page.matchAll(/^\| ([A-Z]\d+) \| [^|]+ \| ([^|]+) \| ([^|]*) \|$/gm)].map(([, id = '', state = '', tests = '']) => ({
    id,
    state: state.trim(),
    tests: [...tests.matchAll(/\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path),
  }))

/** What is wrong with the page. */
const faultsOf = (page: string): readonly string[] => {
  const rows = rowsIn(page)
  const ids = rows.map(({ id }) => id)
  return [
    ...required.filter((id) => !ids.includes(id)).map((id) => `${id} is missing`),
    ...ids.filter((id, index) => !required.includes(id) || ids.indexOf(id) !== index).map((id) => `${id} is one too many`),
    ...rows.flatMap(({ id, state, tests }) => [
      ...(/^(done|not yet|partly: .+)$/.test(state) ? [] : [`${id} is in no known state: ${state}`]),
      ...(state === 'done' && tests.length === 0 ? [`${id} is done and names no test`] : []),
      ...tests
        .filter((path) => !path.endsWith('.test.ts') || !existsSync(join(root, path)))
        .map((path) => `${id} names ${path}, which is no test`),
    ]),
  ]
}

/** How many rows are in each state: what the page says above its tables. */
const countsOf = (page: string): string => {
  const states = rowsIn(page).map(({ state }) => state.split(':')[0])
  return ['done', 'partly', 'not yet'].map((state) => `${states.filter((each) => each === state).length} ${state}`).join(', ')
}

describe('The page of coverage', () => {
  const page = readFileSync(join(root, 'docs/coverage.md'), 'utf8')

  it('has every requirement once, each with tests that exist', () => assert.deepEqual(faultsOf(page), []))

  it('counts right', () => assert.ok(page.includes(`**${countsOf(page)}**`), `it should say **${countsOf(page)}**`))

  it('would notice what is planted', () => {
    assert.deepEqual(faultsOf(page.replace(/^\| A1 \|.*\n/m, '')), ['A1 is missing'])
    const planted = (row: string): readonly string[] => faultsOf(`${page}\n${row}\n`)
    assert.deepEqual(planted('| A1 | again | not yet |  |'), ['A1 is one too many'])
    const row = '| A1 | more | done | [x](../tests/journeys/planted.test.ts) |'
    assert.deepEqual(planted(row), ['A1 is one too many', 'A1 names tests/journeys/planted.test.ts, which is no test'])
    assert.deepEqual(planted('| A1 | more | almost |  |'), ['A1 is one too many', 'A1 is in no known state: almost'])
    assert.deepEqual(planted('| A1 | more | done |  |'), ['A1 is one too many', 'A1 is done and names no test'])
  })
})
