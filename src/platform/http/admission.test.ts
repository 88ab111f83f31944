import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { silentLog } from '../log.ts'
import { Callers } from '../callers.ts'
import { freeMax } from './crowd.ts'
import { createApp } from './app.ts'
import { healthRoutes } from './health-routes.ts'
import type { Database } from '../postgres/database.ts'

const everyone = { policy: { roles: 'public' as const } }
const envelope = () => ({ status: 503, body: { success: false, data: null, error: 'busy' } })
/** Nothing is read: only that somebody answers matters here. */
const database = { read: () => Promise.resolve([]) } as unknown as Database

/** Requests wait in its rooms until they are let go. */
const house = async () => {
  let hold: Promise<void> | undefined
  let go = (): void => undefined
  const seen = { parsed: 0, handled: 0, asked: 0 }
  const handle = async ({ body }: FastifyRequest) => {
    seen.handled += 1
    if (body !== undefined) seen.parsed += 1
    await hold
    return { ok: true }
  }
  const callers = new Callers()
  const app = await createApp({
    callers,
    log: silentLog,
    version: '0',
    authenticate: () => {
      seen.asked += 1
      return { id: 'a', role: 'owner', scopes: [] }
    },
    demo: () => undefined,
    rooms: [
      async (edge) => {
        edge.post('/v1/orders', { config: everyone }, handle)
        edge.post('/v1/orders/:id/cancel', { config: everyone }, handle)
        edge.get('/v1/orders', { config: everyone }, handle)
        edge.post('/oms/orders', { config: { ...everyone, problems: envelope } }, handle)
      },
      healthRoutes(database, []),
    ],
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  return {
    app,
    url,
    seen,
    callers,
    hold: (): void => void (hold = new Promise((resolve) => (go = resolve))),
    letGo: (): void => {
      hold = undefined
      go()
    },
  }
}

type House = Awaited<ReturnType<typeof house>>
const post = (url: string, body: string, path = '/v1/orders'): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer k' }, body })

/** As if so many were in the house: what admission looks at, without opening so many connections. */
const filled = (app: FastifyInstance, run: () => Promise<void>): Promise<void> => {
  const { placing } = app.admission.crowds
  placing.inHouse += freeMax
  return run().finally(() => (placing.inHouse -= freeMax))
}

const answersOn = (url: string, requests: string, count: number): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status)
      if (statuses.length < count) return
      socket.destroy()
      resolve(statuses)
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`closed after: ${text}`)))
    socket.write(requests)
  })

describe('Who waits at the door', () => {
  it('is counted while a command is answered, by its length; who only looks is not', async (test) => {
    const door = await house()
    const came = test.mock.method(door.callers, 'came').mock
    const answered = test.mock.method(door.callers, 'answered').mock
    const inside = (): number =>
      came.calls.reduce((sum, { result = 0 }) => sum + result, 0) -
      answered.calls.reduce((sum, { arguments: [weight] }) => sum + weight, 0)
    try {
      door.hold()
      const asked = [post(door.url, '{}'), post(door.url, JSON.stringify({ lines: 'x'.repeat(8_000) }), '/v1/orders/1/cancel')]
      const looked = fetch(`${door.url}/v1/orders`, { headers: { authorization: 'Bearer k' } })
      while (door.seen.handled < 3) await new Promise((resolve) => setImmediate(resolve))
      assert.equal(inside(), 21)
      door.letGo()
      for (const answer of await Promise.all([...asked, looked])) assert.equal(answer.status, 200)
      while (inside() > 0) await new Promise((resolve) => setImmediate(resolve))
    } finally {
      await door.app.close()
    }
  })
})

describe('A full house', () => {
  let door: House
  before(async () => (door = await house()))
  after(() => door.app.close())

  it('refuses before it asks who is there and before it reads the body', () =>
    filled(door.app, async () => {
      const before = { ...door.seen }
      const answer = await post(door.url, '{"lines": this is no JSON')
      assert.equal(answer.status, 503)
      assert.deepEqual(door.seen, before)
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-4]$/)
      const body = (await answer.json()) as Record<string, unknown>
      assert.deepEqual(
        { ...body, detail: '' },
        {
          type: 'https://waybill.dev/problems/overloaded',
          code: 'overloaded',
          status: 503,
          title: 'Too busy',
          detail: '',
          instance: '/v1/orders',
          requestId: answer.headers.get('request-id'),
          retryable: true,
        },
      )
    }))

  it('would have read that body otherwise', async () => {
    assert.equal((await post(door.url, '{"lines": this is no JSON')).status, 400)
  })

  it('does not send everybody back at the same second', () =>
    filled(door.app, async () => {
      const seconds = new Set<string | null>()
      for (let n = 0; n < 64; n++) seconds.add((await post(door.url, '{}')).headers.get('retry-after'))
      assert.ok(seconds.size > 1)
    }))

  it('answers a dialect in its own form', () =>
    filled(door.app, async () => {
      const answer = await post(door.url, '{}', '/oms/orders')
      assert.equal(answer.status, 503)
      assert.deepEqual(await answer.json(), { success: false, data: null, error: 'busy' })
    }))

  it('lets pass what carries work on, who looks, and who watches over it', () =>
    filled(door.app, async () => {
      assert.equal((await post(door.url, '{}', '/v1/orders/1/cancel')).status, 200)
      for (const path of ['/v1/orders', '/healthz', '/readyz', '/metrics', '/openapi.json'])
        assert.equal((await fetch(`${door.url}${path}`)).status, 200, path)
    }))

  it('counts who asks for a promise among those who look', async () => {
    const { changing } = door.app.admission.crowds
    changing.inHouse += freeMax
    try {
      assert.equal((await post(door.url, '{}', '/v1/orders/1/cancel')).status, 503)
      assert.notEqual((await post(door.url, '{}', '/v1/promises')).status, 503)
    } finally {
      changing.inHouse -= freeMax
    }
  })

  it('says on /metrics how full it is', () =>
    filled(door.app, async () => {
      await post(door.url, '{}')
      const text = await (await fetch(`${door.url}/metrics`)).text()
      assert.match(text, /^waybill_requests_in_house\{lane="placing"\} 512$/m)
      assert.match(text, /^waybill_requests_limit\{lane="placing"\} 512$/m)
      assert.match(text, /^waybill_requests_refused\{lane="placing"\} [1-9]/m)
    }))

  for (const bytes of [1_000, 900_000])
    it(`keeps the connection, past an unread body of ${bytes} bytes`, () =>
      filled(door.app, async () => {
        const body = 'x'.repeat(bytes)
        const refused = `POST /v1/orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n${body}`
        const health = 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n'
        assert.deepEqual(await answersOn(door.url, refused + refused + health, 3), ['503', '503', '200'])
      }))
})

describe('A house that fills', () => {
  let door: House
  before(async () => (door = await house()))
  after(() => door.app.close())
  const placing = () => door.app.admission.crowds.placing

  /** Resolves when so many are in the house. */
  const inHouse = async (count: number): Promise<void> => {
    while (placing().inHouse !== count) await new Promise((resolve) => setImmediate(resolve))
  }

  it('takes 500 at once, each of whom asks again when answered, and refuses none', async () => {
    door.hold()
    const statuses: number[] = []
    const buyers = Array.from({ length: 500 }, async () => {
      for (let again = 0; again < 3; again++) {
        const answer = await post(door.url, '{"lines":[]}')
        statuses.push(answer.status)
        await answer.arrayBuffer()
      }
    })
    await inHouse(500)
    door.letGo()
    await Promise.all(buyers)
    assert.deepEqual([...new Set(statuses)], [200])
    assert.equal(placing().refused, 0)
    await inHouse(0)
  })

  it('refuses who comes after them, and takes in again at once when they are answered', async () => {
    door.hold()
    const crowd = Array.from({ length: placing().limit }, () => post(door.url, '{"lines":[]}'))
    await inHouse(crowd.length)
    assert.equal((await post(door.url, '{}')).status, 503)
    door.letGo()
    assert.deepEqual([...new Set((await Promise.all(crowd)).map(({ status }) => status))], [200])
    assert.equal((await post(door.url, '{}')).status, 200)
    await inHouse(0)
  })

  it('counts who has gone away for as long as the work for him goes on', async () => {
    door.hold()
    const left = new Promise<void>((resolve) => door.app.server.once('connection', (line) => line.once('close', () => resolve())))
    const { hostname, port } = new URL(door.url)
    const caller = connect(Number(port), hostname, () =>
      caller.write('POST /v1/orders HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n'),
    )
    await inHouse(1)
    caller.destroy()
    await left
    assert.equal((await fetch(`${door.url}/nowhere`)).status, 404)
    assert.equal(placing().inHouse, 1)
    door.letGo()
    // Who comes next finds that the work is done.
    while (placing().inHouse > 0) await (await fetch(`${door.url}/nowhere`)).arrayBuffer()
    assert.equal(door.seen.handled > 0, true)
  })
})

describe('A house that closes', () => {
  let door: House
  beforeEach(async () => (door = await house()))
  afterEach(async () => {
    door.letGo()
    await door.app.close()
  })

  const request = 'GET /v1/orders HTTP/1.1\r\nhost: a\r\n'
  /** A connection that is kept open until the server ends it, and all that it said by then. */
  const line = async (): Promise<Readonly<{ socket: Socket; said: Promise<string> }>> => {
    const { hostname, port } = new URL(door.url)
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
    const said = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
    await once(socket, 'connect')
    return { socket, said }
  }
  const until = async (fits: () => boolean): Promise<void> => {
    while (!fits()) await new Promise((resolve) => setImmediate(resolve))
  }

  it('answers who is inside and ends their connections, and tells who comes to come again', async () => {
    door.hold()
    const [first, late] = [await line(), await line()]
    late.socket.write(request)
    first.socket.write(`${request}\r\n`)
    await until(() => door.seen.handled === 1)
    const closed = door.app.close()
    await until(() => !door.app.server.listening)
    late.socket.write('\r\n')
    const refused = await late.said
    assert.match(refused, /^HTTP\/1\.1 503 [^]*"code":"unavailable"[^]*"retryable":true\}$/)
    assert.match(refused, /^content-type: application\/problem\+json\r$/im)
    assert.match(refused, /^retry-after: [1-4]\r$/im)
    assert.match(refused, /^connection: close\r$/im)
    door.letGo()
    const answered = await first.said
    assert.match(answered, /^HTTP\/1\.1 200 [^]*\{"ok":true\}$/)
    assert.match(answered, /^connection: close\r$/im)
    await closed
    assert.equal(door.seen.handled, 1)
  })

  it('waits for what was asked by those who have gone away', async () => {
    door.hold()
    const { socket, said } = await line()
    socket.write(`${request}\r\n`)
    await until(() => door.seen.handled === 1)
    socket.destroy()
    await said
    let isClosed = false
    const withoutLines = once(door.app.server, 'close')
    const closed = door.app.close().then(() => (isClosed = true))
    await withoutLines
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(isClosed, false)
    door.letGo()
    await closed
  })

  it('waits for no connection on which nothing is asked, and for the slowest only so long', async (test) => {
    door.hold()
    const [silent, slow] = [await line(), await line()]
    slow.socket.write(`${request}\r\n`)
    await until(() => door.seen.handled === 1)
    let now = 0
    // Each look at the clock is a second later.
    test.mock.method(performance, 'now', () => (now += 1_000))
    await door.app.close()
    assert.ok(now > 10_000)
    assert.deepEqual(await Promise.all([silent.said, slow.said]), ['', ''])
  })
})
