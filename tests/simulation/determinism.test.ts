import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { askApart } from '../support/apart.ts'
import { regressions } from './regressions.ts'
import type { Answer, Asked } from './runs-child.ts'

const ran = (asked: Asked, signal: AbortSignal): Promise<Answer> =>
  askApart<Answer>(join(import.meta.dirname, 'runs-child.ts'), asked, { signal })

describe('A simulated seed', () => {
  for (const { what, whole, count } of [
    { what: 'runs the same way twice, and another way than its neighbours', whole: false, count: 50 },
    { what: 'of the whole shop does too', whole: true, count: 5 },
  ])
    it(what, { timeout: 300_000 }, async ({ signal }) => {
      const seeds = Array.from({ length: count }, (_, at) => ({ seed: at + 1, whole }))
      const hashes = (await ran([...seeds, ...seeds], signal)).map(({ hash }) => hash)
      assert.deepEqual(hashes.slice(count), hashes.slice(0, count))
      assert.equal(new Set(hashes).size, count)
    })
})

describe('Seeds that once broke a promise', () => {
  it('break none any more', { timeout: 300_000 }, async ({ signal }) => {
    const answers = await ran(regressions, signal)
    const broken = answers.flatMap(({ broken: told }, at) =>
      told === undefined ? [] : [`${regressions[at]?.found} again: ${told}`],
    )
    assert.deepEqual(broken, [], broken.join('\n'))
    assert.equal(answers.length, regressions.length)
  })
})
