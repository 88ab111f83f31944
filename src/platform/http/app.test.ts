import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { silentLog } from '../log.ts'
import { Aborted } from '../store/work.ts'
import { createApp } from './app.ts'

/** What one request that meets such a fault is answered with. */
const answerTo = async (fault: Error) => {
  const app = await createApp({
    log: silentLog,
    version: '0',
    authenticate: () => undefined,
    demo: () => undefined,
    rooms: [
      async (edge) => {
        edge.get('/fails', { config: { policy: { roles: 'public' } } }, async () => {
          throw fault
        })
      },
    ],
  })
  const answer = await app.inject({ method: 'GET', url: '/fails' })
  await app.close()
  return answer
}
const said = (code: string): Error => Object.assign(new pg.DatabaseError('it cannot', 9, 'error'), { code })

describe('A fault of the database', () => {
  const passing: Readonly<Record<string, Error>> = {
    'its disk is full': said('53100'),
    'it has no connection left': said('53300'),
    'it is being stopped': said('57P01'),
    'it is starting': said('57P03'),
    'the line was lost before': new Error('Client has encountered a connection error and is not queryable'),
    'the line was lost meanwhile': new Error('Connection terminated unexpectedly'),
  }
  for (const [what, fault] of Object.entries(passing))
    it(`is said to pass, and when to come again: ${what}`, async () => {
      const answer = await answerTo(fault)
      assert.equal(answer.statusCode, 503)
      assert.equal(answer.json<{ code: string }>().code, 'unavailable')
      assert.ok(answer.headers['retry-after'] !== undefined)
    })

  it('is said to pass where a batch was aborted again and again', async () => {
    const answer = await answerTo(new Aborted('conflict', 'stock has not followed yet'))
    assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [503, 'overloaded'])
    assert.ok(answer.headers['retry-after'] !== undefined)
  })

  it('that is our own is not said to pass', async () => assert.equal((await answerTo(said('42703'))).statusCode, 500))
})
