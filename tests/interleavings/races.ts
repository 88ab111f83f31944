/** Races pairs in a test file: a test a pair, and at the end what was run. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import type { Pair } from './pair.ts'
import { Race, type Raced, replayCommand, toldOf } from './race.ts'
import { World } from './world.ts'

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
    let world: World
    const raced: Raced[] = []
    before(async () => {
      world = await World.open()
    })
    after(async () => {
      await world.close()
      const all = raced.reduce((sum, { schedules }) => sum + schedules, 0)
      process.stdout.write(`${[...raced.map(toldOf), `${title}: ${all} schedules of ${raced.length} pairs`].join('\n')}\n`)
    })

    for (const pair of pairs)
      it(`${pair.name} ends lawfully whatever the order`, async () => {
        const one = await new Race(world, pair).explore(sampleMax, seed)
        raced.push(one)
        assert.equal(one.found.length, 0, `${one.found.length} broken promises\n${replayOf(one)}`)
        assert.ok(one.schedules > 1, 'one schedule only: the parties never met')
      })

    it('leaves a shop that verifies', async () => {
      await world.mark()
      const { ok, differences } = await verifyShop(world.shop(0))
      assert.ok(ok, JSON.stringify(differences.slice(0, 5), undefined, 2))
    })
  })
}
