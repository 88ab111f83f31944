/** The page of reliability is what its files say, and says what was found. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { instruments } from './instruments.ts'
import { type Fault, isClean, type Proof, reliabilityPage, verdictOf } from './proof.ts'

const root = join(import.meta.dirname, '..', '..')
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))
const last = readJson('last.json') as Proof
const faults = readJson('faults.json') as readonly Fault[]

const clean: Proof = {
  date: '2026-11-21T10:00:00.000Z',
  commit: 'c0ffee',
  minutes: 60,
  seed: 7,
  machine: { cpu: 'a cpu', cores: 2, memoryBytes: 8 * 2 ** 30, kernel: 'linux 6' },
  versions: { node: 'v24', postgres: '18.4' },
  instruments: [
    { name: 'simulation', what: 'x', seed: 7, seconds: 1_440, counts: { seeds: 3_000, acknowledged: 1_200 }, findings: [] },
    { name: 'chaos', what: 'y', seed: 7, seconds: 60, counts: { 'orders acknowledged': 34 }, findings: [] },
  ],
  mutants: { caught: 25, of: 25, beforehand: 15, seconds: 90, free: [] },
}
const found = (invariant: string): Proof => {
  const [first, ...others] = clean.instruments
  assert.ok(first !== undefined)
  return { ...clean, instruments: [{ ...first, findings: [{ invariant, seed: 9, told: 'an order | is gone\nmore' }] }, ...others] }
}

describe('The page of reliability', () => {
  it('is what the last run and the list of faults say', () => {
    assert.equal(
      readFileSync(join(root, 'RELIABILITY.md'), 'utf8'),
      reliabilityPage(last, faults),
      'run npm run prove -- --minutes 0',
    )
  })

  it('says what was acknowledged, and that nothing was found where nothing was', () => {
    const page = reliabilityPage(clean, [])
    assert.match(page, /\*\*1,234 orders acknowledged while things failed: 0 lost, 0 doubled, 0 oversold, 0 unexplained\./)
    assert.match(page, /25 of 25 mutants caught/)
    assert.match(page, /## Violations\n\nNone\./)
    assert.ok(isClean(clean))
  })

  it('says what was found, by what it means', () => {
    for (const [invariant, word] of [
      ['I1', 'lost'],
      ['I2', 'doubled'],
      ['I6', 'doubled'],
      ['I3', 'oversold'],
      ['I8 units', 'unexplained'],
      ['property', 'unexplained'],
    ] as const) {
      const proof = found(invariant)
      assert.equal(verdictOf(proof)[word], 1, invariant)
      assert.ok(!isClean(proof))
      assert.ok(reliabilityPage(proof, []).includes(`| simulation | ${invariant} | 9 | an order \\| is gone |`))
    }
  })

  it('is not clean where an instrument broke off, or a mutant got through', () => {
    const [first] = clean.instruments
    assert.ok(first !== undefined)
    assert.ok(!isClean({ ...clean, instruments: [{ ...first, broke: 'it ended' }] }))
    const free = { ...clean, mutants: { ...clean.mutants, caught: 24, free: ['this one (survived)'] } }
    assert.ok(!isClean(free) && reliabilityPage(free, []).includes('Not caught: this one (survived).'))
  })

  it('lists every fault that was found with its seed, its cause and where it was mended', () => {
    const page = reliabilityPage(clean, faults)
    for (const fault of faults) {
      for (const text of Object.values(fault)) assert.ok(text !== '', JSON.stringify(fault))
      assert.ok(page.includes(fault.seed.replaceAll('|', '\\|')) && page.includes(fault.cause.replaceAll('|', '\\|')))
    }
  })
})

describe('The instruments of the proof', () => {
  it('are all of them, and share the whole time', () => {
    const folders = readdirSync(join(root, 'tests')).filter(
      (folder) => folder !== 'proof' && existsSync(join(root, 'tests', folder, 'instrument.ts')),
    )
    assert.deepEqual(instruments.map(({ instrument }) => instrument.name).sort(), folders.sort())
    assert.equal(
      instruments.reduce((sum, { share }) => sum + share, 0),
      100,
    )
  })
})
