/** The parts of the benchmark that could be wrong without anybody noticing: every figure rests on them. */
import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { isReached } from '../../bench/report.ts'
import { AnswerReader, LoadConnection } from '../../bench/load/connection.ts'
import { Latencies, median, percentile } from '../../bench/load/latencies.ts'
import { orderBody, pairRequest, uniqueKeys } from '../../bench/load/requests.ts'

const answerOf = (status: number, body: string, name = 'content-length'): string =>
  `HTTP/1.1 ${status} Whatever\r\n${name}: ${body.length}\r\netag: "v2"\r\n\r\n${body}`

describe('The load’s reader of answers', () => {
  const text = answerOf(201, '{"id":"x"}')
  it('takes an answer that comes in two pieces, wherever it is cut', () => {
    for (let cut = 1; cut < text.length; cut++) {
      const reader = new AnswerReader()
      assert.equal(reader.take(text.slice(0, cut)), undefined, `cut at ${cut}`)
      assert.deepEqual(reader.take(text.slice(cut))?.body, '{"id":"x"}', `cut at ${cut}`)
    }
  })
  it('takes an answer that comes a character at a time', () => {
    const reader = new AnswerReader()
    const answers = Array.from(text).flatMap((character) => reader.take(character) ?? [])
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body]),
      [[201, '{"id":"x"}']],
    )
  })
  it('keeps what belongs to the next answer', () => {
    const reader = new AnswerReader()
    assert.equal(reader.take(text + text.slice(0, 20))?.status, 201)
    assert.equal(reader.take(text.slice(20))?.status, 201)
  })
  it('reads the length however it is spelled, and takes none for nothing', () => {
    assert.equal(new AnswerReader().take(answerOf(409, 'no', 'Content-Length'))?.body, 'no')
    assert.equal(new AnswerReader().take('HTTP/1.1 204 No Content\r\n\r\n')?.status, 204)
  })
})

describe('A connection of the load', () => {
  it('says that the line was cut, and opens a new one for the next request', async () => {
    let count = 0
    const server = createServer((socket) => {
      count += 1
      const isFirst = count === 1
      socket.on('data', () => (isFirst ? socket.destroy() : socket.write(answerOf(200, 'here'))))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const connection = new LoadConnection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '')
    await assert.rejects(connection.request({ method: 'GET', path: '/' }))
    assert.equal((await connection.request({ method: 'GET', path: '/' })).body, 'here')
    connection.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('The load’s requests', () => {
  it('say their length right and carry the order that was meant', () => {
    const request = pairRequest(new LoadConnection('http://127.0.0.1:1', ''))('key', 'S1', 'S10000')
    const [head = '', body = ''] = request.split('\r\n\r\n')
    assert.equal(Number(/content-length: (\d+)/.exec(head)?.[1]), body.length)
    assert.equal(body, orderBody(['S1', 'S10000']))
  })
  it('have a key each', () => {
    const next = uniqueKeys()
    assert.equal(new Set(Array.from({ length: 100_000 }, next)).size, 100_000)
  })
})

describe('The benchmark’s figures', () => {
  it('take percentiles by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
    assert.deepEqual(
      [0.5, 0.99, 0.999, 1].map((share) => percentile(hundred, share)),
      [50, 99, 100, 100],
    )
    assert.equal(percentile([], 0.5), 0)
  })
  it('have every latency in them, in whatever order and number they came', () => {
    const latencies = new Latencies()
    for (let ms = 100_000; ms > 0; ms--) latencies.add(ms)
    assert.deepEqual(latencies.summary(), { p50: 50_000, p99: 99_000, p999: 99_900, max: 100_000 })
  })
  it('take the middle of runs', () => {
    assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), median([])], [2, 2.5, 0])
  })
  it('reach a mark from the right side', () => {
    assert.equal(isReached({ what: 'a rate', value: 2, mark: 1.6 }), true)
    assert.equal(isReached({ what: 'a time', value: 2, mark: 1.6, atMost: true }), false)
  })
})
