/** Races pairs in a test file: a test a pair, and at the end what was run. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { askApart } from '../support/apart.ts'
import type { Pair } from './pair.ts'
import { type Raced, replayCommand, toldOf } from './race.ts'
import type { Asked, Races } from './races-child.ts'

/** So many schedules of a pair that has too many to run all: each takes some 20 ms, and all files together have two minutes. */
const sampleMax = 60
const seed = 20_261_121

/** How a schedule is run again, and what it did. */
const replayOf = ({ found }: Raced): string =>
  found
    .slice(0, 3)
    .map(({ invariant, told, trace, ...run }) =>
      [`${invariant}: ${told}`, `  ${replayCommand(run)}`, ...trace.map((line) => `    ${line}`)].join('\n'),
    )
    .join('\n')

export const raceAll = (title: string, pairs: readonly Pair[]): void => {
  describe(title, () => {
    const asking = new AbortController()
    let races: Races = { raced: [], differences: [] }
    before(async () => {
      const asked: Asked = { pairs: pairs.map(({ name }) => name), sampleMax, seed }
      races = await askApart<Races>(join(import.meta.dirname, 'races-child.ts'), asked, { signal: asking.signal })
    })
    after(() => {
      asking.abort()
      const all = races.raced.flatMap(({ raced }) => raced ?? [])
      const schedules = all.reduce((sum, one) => sum + one.schedules, 0)
      process.stdout.write(`${[...all.map(toldOf), `${title}: ${schedules} schedules of ${all.length} pairs`].join('\n')}\n`)
    })

    for (const { name } of pairs)
      it(`${name} ends lawfully whatever the order`, () => {
        const { raced, broke } = races.raced.find(({ pair }) => pair === name) ?? {}
        assert.ok(raced, broke ?? 'it is in no list of pairs')
        assert.equal(raced.found.length, 0, `${raced.found.length} broken promises\n${replayOf(raced)}`)
        assert.ok(raced.schedules > 1, 'one schedule only: the parties never met')
      })

    it('leaves a shop that verifies', () => {
      assert.deepEqual(races.differences.slice(0, 5), [])
    })
  })
}
