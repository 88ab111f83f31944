import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { askApart } from './apart.ts'

const child = join(import.meta.dirname, 'apart-child.ts')

describe('Work in a process of its own', () => {
  it('is answered, and says how far it is', async ({ signal }) => {
    const told: string[] = []
    assert.deepEqual(await askApart(child, { do: 'answer' }, { signal, say: (line) => told.push(line) }), { seen: 'answer' })
    assert.deepEqual(told, ['about to answer'])
  })

  it('says with what it failed', async ({ signal }) => {
    await assert.rejects(askApart(child, { do: 'throw' }, { signal }), /that went wrong/)
  })

  it('is ended with who asked for it', async () => {
    const asking = new AbortController()
    const answer = askApart(child, { do: 'hang' }, { signal: asking.signal })
    asking.abort()
    await assert.rejects(answer, { name: 'AbortError' })
  })
})
