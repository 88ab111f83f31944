/** Every problem the HTTP edge can answer is in docs/reference/problems.md, with its status and title, and nothing else is. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
type Known = Readonly<{ statuses: ReadonlySet<string>; titles: ReadonlySet<string> }>
type Said = Readonly<{ code: string; statuses: readonly string[]; title: string }>

const kindText = String.raw`\{\s*status: (\d+),\s*title: (?:'([^']*)'|"([^"]*)")`
const patterns = {
  /** A row of a room's table: `order_not_found: { status: 404, title: '…' }`. */
  row: new RegExp(String.raw`\b(?!kind\b)(\w+): ${kindText}`, 'g'),
  /** The edge's own: `code: 'body_too_large', kind: { status: 413, … }`. */
  own: new RegExp(String.raw`code: '(\w+)',\s*kind: ${kindText}`, 'g'),
  made: new RegExp(String.raw`new Problem\(\s*'(\w+)',\s*(?:${kindText})?`, 'g'),
  /** What an adapter gives as the reason for not taking a webhook. */
  rejected: /rejected: '(\w+)'/g,
  /** In the dialects a reason without a row is answered as well, as 409. */
  refused: /refuse\(\s*'(\w+)'/g,
  /** A code that is not written where the problem is made. */
  computed: /new Problem\(\s*(?![\s'])([^,]+),/g,
}
/** Where the code is computed, it comes from a table or from `rejected`, which are collected here. */
const computedIn = new Set([
  'src/dialects/problems.ts',
  'src/fulfilment/requests.ts',
  'src/platform/http/app.ts',
  'src/platform/http/refusals.ts',
  'src/shipping/carrier-routes.ts',
])

type Source = Readonly<{ path: string; text: string }>
const problemsIn = (sources: readonly Source[]): ReadonlyMap<string, Known> => {
  const found = new Map<string, { statuses: Set<string>; titles: Set<string> }>()
  const { row, own, made, rejected, refused } = patterns
  for (const { path, text } of sources) {
    const looked = [row, own, made, rejected, ...(path.startsWith('src/dialect') ? [refused] : [])]
    for (const [, code = '', status, title, quoted] of looked.flatMap((each) => [...text.matchAll(each)])) {
      const known = found.get(code) ?? { statuses: new Set(), titles: new Set() }
      found.set(code, known)
      if (status !== undefined) known.statuses.add(status)
      if (status !== undefined) known.titles.add(title ?? quoted ?? '')
    }
  }
  return found
}

const computedElsewhere = (sources: readonly Source[]): readonly string[] =>
  sources.filter(({ path, text }) => text.search(patterns.computed) >= 0 && !computedIn.has(path)).map(({ path }) => path)

const saidIn = (page: string): readonly Said[] =>
  [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)].map(([, code = '', statuses = '', title = '']) => ({
    code,
    statuses: statuses.match(/\d{3}/g) ?? [],
    title: title.trim(),
  }))

/** What differs, in both directions. */
const differences = (known: ReadonlyMap<string, Known>, said: readonly Said[]): readonly string[] => {
  const codes = said.map(({ code }) => code)
  return [
    ...[...known.keys()].filter((code) => !codes.includes(code)).map((code) => `${code} is in the code, not on the page`),
    ...codes.filter((code, index) => codes.indexOf(code) !== index).map((code) => `${code} is on the page twice`),
    ...said.flatMap(({ code, statuses, title }) => {
      const real = known.get(code)
      if (real === undefined) return [`${code} is on the page, not in the code`]
      return [
        ...[...real.statuses].filter((status) => !statuses.includes(status)).map((status) => `${code} is also ${status}`),
        ...(real.titles.size === 0 || real.titles.has(title) ? [] : [`${code} has the title ${[...real.titles].join(' or ')}`]),
        // A status that no row gives is one that code computes (401 or 400 of a webhook, 4xx of the framework).
        ...(real.statuses.size === 0
          ? []
          : statuses.filter((status) => !real.statuses.has(status)).map((status) => `${code} is never ${status}`)),
      ]
    }),
  ]
}

const sources: readonly Source[] = globSync('src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(root, path), 'utf8') }))
const page = readFileSync(join(root, 'docs/reference/problems.md'), 'utf8')

describe('The page of problems', () => {
  it('says what the code says, code by code', () => {
    const known = problemsIn(sources)
    assert.ok(known.size > 100, `${known.size} codes found`)
    assert.deepEqual(differences(known, saidIn(page)), [])
  })

  it('misses no code that is computed', () => assert.deepEqual(computedElsewhere(sources), []))

  it('would notice a code, a status or a title that is planted', () => {
    const found = (planted: string): readonly string[] =>
      differences(problemsIn([...sources, { path: 'src/planted.ts', text: planted }]), saidIn(page))
    assert.deepEqual(found(`throw new Problem('planted_one', kind, 'no')`), ['planted_one is in the code, not on the page'])
    assert.deepEqual(found(`  planted_two: { status: 418, title: 'Teapot' },`), ['planted_two is in the code, not on the page'])
    assert.deepEqual(found(`new Problem(\n  'order_not_found',\n  { status: 418, title: 'x' }, '')`), [
      'order_not_found is also 418',
    ])
    const dialect = { path: 'src/dialects/planted.ts', text: `refuse('planted_four', 'no')` }
    assert.deepEqual(differences(problemsIn([...sources, dialect]), saidIn(page)), ['planted_four is in the code, not on the page'])
    assert.equal(computedElsewhere([{ path: 'src/planted.ts', text: 'throw new Problem(code, kind, detail)' }]).length, 1)
    const row = '| `planted_three` | 409 | Never | never |'
    assert.deepEqual(differences(problemsIn(sources), saidIn(`${page}\n${row}\n`)), [
      'planted_three is on the page, not in the code',
    ])
    const retitled = page.replace('| `order_not_found` | 404 | No such order |', '| `order_not_found` | 404 | Gone |')
    assert.deepEqual(differences(problemsIn(sources), saidIn(retitled)), ['order_not_found has the title No such order'])
  })
})
