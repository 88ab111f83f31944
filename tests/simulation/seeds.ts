/** What the files of seeds share: a range of them, counted, and none of them breaking anything. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { askApart } from '../support/apart.ts'
import type { Range, Tried } from './seeds-child.ts'

export const assertSeeds = async (range: Range, signal: AbortSignal): Promise<void> => {
  const began = performance.now()
  const { counts, failed } = await askApart<Tried>(join(import.meta.dirname, 'seeds-child.ts'), range, { signal })
  const perSecond = (range.count / ((performance.now() - began) / 1000)).toFixed(1)
  console.log(
    `${range.count} seeds from ${range.first}, ${perSecond} a second: ${Object.entries(counts)
      .map(([name, counted]) => `${name} ${counted}`)
      .join(', ')}`,
  )
  assert.deepEqual(failed, [], failed.join('\n'))
  // A seed in which nothing happened would prove nothing.
  assert.ok((counts['acknowledged'] ?? 0) > range.count && (counts['crash'] ?? 0) > 0)
}
