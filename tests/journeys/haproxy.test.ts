/**
 * The shipped HAProxy file. What must stand in it is read off the text everywhere; where HAProxy is installed (no package of
 * npm brings it) it is also started, before two small servers that stand for Waybill. The benchmark's case `pressure` starts
 * it before Waybill itself.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'

const file = join(import.meta.dirname, '..', '..', 'deploy', 'haproxy', 'haproxy.cfg')
const text = readFileSync(file, 'utf8')
const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0
const lines = text.split('\n').map((line) => line.trim())
const section = (name: string): string => new RegExp(`^${name}\\n((?:[ \\t].*\\n|\\n)*)`, 'm').exec(text)?.[1] ?? ''

describe('The HAProxy file', () => {
  it('asks each instance whether it is ready', () => {
    assert.match(section('backend waybill'), /http-check send meth GET uri \/readyz/)
    assert.match(section('backend waybill'), /default-server .*\bcheck\b/)
  })

  it('bounds what an instance has, what waits, and how long', () => {
    assert.match(section('backend waybill'), /default-server .*\bmaxconn \d+/)
    assert.match(section('frontend shop'), /deny deny_status 503 if \{ queue\(waybill\) ge \d+ \}/)
    assert.ok(lines.includes('timeout queue 250ms'))
    assert.match(text, /http-error status 503 .*hdr Retry-After .*"code":"overloaded"/)
  })

  it('sends nothing twice that may have arrived', () => {
    assert.deepEqual(
      lines.filter((line) => line.startsWith('retry-on')),
      ['retry-on conn-failure'],
    )
    assert.ok(lines.some((line) => line.startsWith('option redispatch')))
  })

  it('gives slow senders no place, and strangers no figures', () => {
    assert.ok(lines.some((line) => /^timeout http-request \d+s$/.test(line)))
    assert.ok(lines.includes('option http-buffer-request'))
    assert.ok(lines.some((line) => /^presetenv WAYBILL_STATS\s+"127\.0\.0\.1:\d+"$/.test(line)))
  })
})

type Got = Readonly<{ path: string; headers: IncomingMessage['headers'] }>
const nothing: Got = { path: '', headers: {} }

/** Stands for an instance: answers when it is let. */
const instance = async () => {
  const got: Got[] = []
  let isSlow = false
  const held: (() => void)[] = []
  const server: Server = createServer((asked, response) => {
    const path = asked.url ?? ''
    if (path === '/readyz') return void response.end('{}')
    got.push({ path, headers: asked.headers })
    if (path === '/v1/cut') return void asked.socket.destroy()
    if (isSlow) held.push(() => response.end('{}'))
    else response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    slow: (): void => void (isSlow = true),
    letGo: (): void => {
      isSlow = false
      for (const answer of held.splice(0)) answer()
    },
    close: (): Promise<void> => {
      server.closeAllConnections()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

const freePort = async (): Promise<number> => {
  const probe = await instance()
  await probe.close()
  return Number(probe.address.split(':')[1])
}

const isThere = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).ok
  } catch {
    return false // It does not listen yet.
  }
}

const live = (): void => {
  const closers: (() => unknown)[] = []
  let instances: Awaited<ReturnType<typeof instance>>[]
  let url: string
  before(async () => {
    instances = [await instance(), await instance()]
    const [bind, stats] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    url = `http://${bind}`
    const [one, two] = instances.map(({ address }) => address)
    const environment = { WAYBILL_BIND: bind, WAYBILL_STATS: stats, WAYBILL_INSTANCE_1: one, WAYBILL_INSTANCE_2: two }
    const proxy = spawn('haproxy', ['-f', file], { env: { ...process.env, ...environment }, stdio: 'ignore' })
    const ended = new Promise((resolve) => proxy.once('exit', resolve))
    closers.push(
      () => {
        proxy.kill('SIGKILL')
        return ended
      },
      ...instances.map(({ close }) => close),
    )
    const end = performance.now() + 10_000
    while (!(await isThere(`${url}/v1/ready`)) && performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(performance.now() < end, 'HAProxy does not answer')
  })
  after(async () => {
    for (const close of closers) await close()
  })
  const got = (path: string): Got[] => instances.flatMap((one) => one.got).filter((each) => each.path === path)

  it('is accepted by HAProxy without a warning', () => {
    const checked = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' })
    assert.equal(checked.status, 0, checked.stderr)
    assert.doesNotMatch(checked.stderr, /WARNING|ALERT/)
  })

  it('says itself who asks, whatever the caller says', async () => {
    await fetch(`${url}/v1/who`, { headers: { forwarded: 'for=9.9.9.9', 'x-forwarded-for': '9.9.9.9' } })
    const [{ headers } = nothing] = got('/v1/who')
    assert.equal(headers['x-forwarded-for'], '127.0.0.1')
    assert.equal(headers['x-forwarded-proto'], 'http')
    assert.equal(headers['forwarded'], undefined)
  })

  it('keeps an instance’s figures to itself', async () => {
    assert.equal((await fetch(`${url}/metrics`)).status, 404)
    assert.equal(got('/metrics').length, 0)
  })

  it('sends a POST once that an instance had, and says that its outcome is unknown', async () => {
    // A line of its own: where it was used before, HAProxy cuts the caller's as well, as if it had closed in between.
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}/v1/cut`, { method: 'POST', agent: false }, resolve).once('error', reject).end('{}')
    })
    assert.equal(answer.statusCode, 502)
    assert.match(answer.headers['retry-after'] ?? '', /^[1-4]$/)
    assert.equal(((await json(answer)) as { code: string }).code, 'outcome_unknown')
    assert.equal(got('/v1/cut').length, 1)
  })

  it('refuses what neither the instances nor the queue can take, and answers all the others', async () => {
    for (const one of instances) one.slow()
    const asked = Array.from({ length: 600 }, () => fetch(`${url}/v1/orders?a="b"`, { method: 'POST', body: '{}' }))
    const first = await Promise.race(asked)
    assert.equal(first.status, 503)
    for (const one of instances) one.letGo()
    const answers = await Promise.all(asked)
    const refused = answers.filter(({ status }) => status === 503)
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 503]))
    for (const answer of refused) {
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-4]$/)
      const body = (await answer.json()) as Record<string, unknown>
      assert.equal(body['code'], 'overloaded')
      assert.equal(body['instance'], '/v1/orders')
    }
    assert.equal(got('/v1/orders?a=%22b%22').length, answers.length - refused.length)
  })
}

if (hasHaproxy) describe('HAProxy with this file', live)
