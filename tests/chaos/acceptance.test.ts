/**
 * Real processes, killed, stopped, cut off, starved of disk and lied to about the time, under customers who never wait: what
 * was acknowledged is there, once, and everything adds up. The seed orders the faults; the history is kept where it says.
 * Some six minutes; `WAYBILL_TEST_SEED=N` runs another seed; longer ones: `node tests/chaos/run.ts --seed N --minutes M --phases kill,postgres,…`.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { askApart } from '../support/apart.ts'
import type { Asked, Outcome } from './child.ts'
import { findingsOf, usualPerSecond } from './instrument.ts'
import { phases, type Faults } from './nemesis.ts'

const seed = Number(process.env['WAYBILL_TEST_SEED'] ?? 20_261_121)
/** The acceptance: 30 kills of Waybill (two of them in each embedded fault) and 8 of PostgreSQL, and some of everything else. */
const faults: Faults = { kill: 28, postgres: 8, stop: 4, disk: 1, clock: 2, network: 1, embedded: 1 }
const ordersMin = 10_000
/** Customers come until there were enough of them: with what follows, well before the limit for the whole. */
const comingMaxMs = 450_000

describe(`Chaos on real processes (seed ${seed})`, () => {
  it('loses, doubles and oversells nothing, and leaves nothing unexplained', { timeout: 590_000 }, async ({ signal }) => {
    const told: string[] = []
    const say = (line: string): unknown => told.push(line)
    const asked: Asked = { seed, faults, ordersMin, comingMaxMs, perSecond: usualPerSecond }
    const { counts, found, history } = await askApart<Outcome>(join(import.meta.dirname, 'child.ts'), asked, { signal, say })
    process.stdout.write(
      `${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join('; ')}\nhistory: ${history}\n`,
    )
    const again = `WAYBILL_TEST_SEED=${seed} node --test tests/chaos/acceptance.test.ts, or node tests/chaos/run.ts --seed ${seed} --minutes 4 --phases ${phases.join(',')}`
    const findings = findingsOf(found, seed, history, again).map((finding) => finding.told)
    assert.equal(findings.length, 0, `${findings.join('\n')}\n${told.join('\n')}`)
    assert.ok((counts['kill -9 of Waybill'] ?? 0) >= 30, 'kills of Waybill')
    assert.equal(counts['kill of PostgreSQL'], 8)
    assert.ok((counts['orders acknowledged'] ?? 0) >= ordersMin, `${counts['orders acknowledged']} orders were acknowledged`)
  })
})
