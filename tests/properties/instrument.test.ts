/** The instrument itself: it finds what is false, says how to see it again, and names every property once. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { spread } from '../../src/kernel/money.ts'
import { instrument, instrumentOf } from './instrument.ts'
import type { Property } from './property.ts'

const said: string[] = []
const effort = { seed: 7, forMs: 0, say: (line: string) => void said.push(line) }
const falsehood: Property = {
  name: 'three equal shares of an amount are the same',
  invariant: 'I5',
  property: fc.property(fc.nat(100), (amount) => new Set(spread(amount, [1, 1, 1])).size === 1),
}
const truth: Property = {
  name: 'a number is itself',
  property: fc.property(fc.nat(), (number) => number === Number(String(number))),
}

describe('The properties as an instrument', () => {
  it('find what is false, with the case and the way to see it again', async () => {
    const { findings, counts } = await instrumentOf([falsehood, truth], 50).run({ ...effort, forMs: 50 })
    assert.ok(counts['cases'] !== undefined && counts['cases'] >= 100)
    assert.equal(findings[0]?.invariant, 'I5')
    assert.equal(findings[0]?.seed, 7)
    assert.match(findings[0]?.told ?? '', /Counterexample: \[\d+\]/)
    assert.match(findings[0]?.told ?? '', /WAYBILL_TEST_SEED=7 .*three equal shares/)
  })

  it('find the same with the same seed, and go on with the next seed after a round', async () => {
    const twice = await Promise.all([0, 0].map(() => instrumentOf([falsehood], 50).run({ ...effort, forMs: 0 })))
    assert.deepEqual(twice[0], twice[1])
    const { findings } = await instrumentOf([falsehood], 20).run({ ...effort, forMs: 30 })
    assert.equal(findings[1]?.seed, 8)
  })

  it('are all of them, each name once, none with a quote that a shell would break', async () => {
    const modules = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts') && file !== 'instrument.test.ts')
    const text = readFileSync(join(import.meta.dirname, 'instrument.ts'), 'utf8')
    for (const module of modules) assert.ok(text.includes(`./${module.replace('.test.ts', '.ts')}`), `${module} is left out`)
    const names = modules.flatMap((module) => {
      const source = readFileSync(join(import.meta.dirname, module.replace('.test.ts', '.ts')), 'utf8')
      return [...source.matchAll(/^ {4}name:\s*(['"])(.+)\1,$/gm)].map((match) => match[2] ?? '')
    })
    assert.equal(new Set(names).size, names.length)
    assert.ok(names.length >= 40, `${names.length} properties`)
    const { counts } = await instrument.run(effort)
    assert.equal(counts['properties'], 1)
  })
})
