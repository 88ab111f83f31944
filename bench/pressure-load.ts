/**
 * The load of `pressure`, a process of its own: `pressure-load.ts '{"url": …}'`. Requests come when they come, whatever the
 * server does; what is refused is not asked again. The last line it prints is what it saw.
 */
import { LoadConnection } from './load/connection.ts'
import { Latencies } from './load/latencies.ts'
import { anySku, pairRequest, uniqueKeys } from './load/requests.ts'
import type { Pressed, PressureAsked } from './pressure/asked.ts'

/** How often we look who is due: what a timer can do. Being late by it counts as latency. */
const tickMs = 1
/** An answer that is not there so long after the last request was due will not come. */
const lastAnswerMs = 10_000

const asked = JSON.parse(process.argv[2] ?? '{}') as PressureAsked
const headers = `authorization: Bearer ${asked.key}\r\n`

const accepted = new Latencies()
const refused = new Latencies()
const answers = new Map<string, number>()
const count = (what: string): void => void answers.set(what, (answers.get(what) ?? 0) + 1)
let good = 0
let without = 0

/** Opened before the clock runs, as connections of real clients are. */
const opened = async (): Promise<LoadConnection[]> => {
  const connections = Array.from({ length: asked.connections }, () => new LoadConnection(asked.url, headers))
  for (let first = 0; first < connections.length; first += 100)
    await Promise.all(connections.slice(first, first + 100).map((one) => one.request({ method: 'GET', path: '/healthz' })))
  return connections
}

const textOf = (connection: LoadConnection, keys: () => string): (() => string) => {
  const list = `GET /v1/orders?limit=5 HTTP/1.1\r\n${connection.head}\r\n`
  if (asked.what === 'lists') return () => list
  const order = pairRequest(connection)
  return () => order(keys(), anySku(asked), anySku(asked))
}

const press = (connections: readonly LoadConnection[]): Promise<number> =>
  new Promise((resolve) => {
    const keys = uniqueKeys()
    const free = connections.map((connection) => ({ connection, text: textOf(connection, keys) }))
    const start = performance.now()
    const end = start + asked.seconds * 1_000
    const gapMs = 1_000 / asked.perSecond
    let due = start + gapMs
    let open = 0
    let offered = 0
    const sendDue = (): void => {
      const now = performance.now()
      for (; due <= now && due < end; due += gapMs) {
        const one = free.pop()
        // All connections wait: this request waits for one, and its time runs.
        if (one === undefined) break
        const dueAt = due
        open += 1
        offered += 1
        one.connection.send(one.text(), (answer) => {
          open -= 1
          free.push(one)
          const ms = performance.now() - dueAt
          const measured = dueAt - start > asked.warmUpSeconds * 1_000
          if (measured) take(answer?.status, answer?.headers ?? '', ms)
        })
      }
      if (due >= end && (open === 0 || now > end + lastAnswerMs)) {
        clearInterval(timer)
        for (let left = open; left > 0; left--) count('unanswered')
        resolve(offered)
      }
    }
    const timer = setInterval(sendDue, tickMs)
  })

const take = (status: number | undefined, headers: string, ms: number): void => {
  count(String(status ?? 'cut'))
  if (status === 503) {
    refused.add(ms)
    if (!/\r\nretry-after: \d/i.test(headers)) without += 1
  } else if (status === 200 || status === 201 || status === 409) {
    accepted.add(ms)
    if (ms <= asked.withinMs) good += 1
  }
}

const connections = await opened()
const cpu = process.cpuUsage()
const began = performance.now()
const sent = await press(connections)
const { user, system } = process.cpuUsage(cpu)
const ms = performance.now() - began
const measuredSeconds = asked.seconds - asked.warmUpSeconds
const pressed: Pressed = {
  perSecond: asked.perSecond,
  offered: [...answers.values()].reduce((sum, one) => sum + one, 0) / measuredSeconds,
  good: good / measuredSeconds,
  accepted: accepted.count / measuredSeconds,
  refused: refused.count / measuredSeconds,
  answers: Object.fromEntries(answers),
  withoutRetryAfter: without,
  acceptedMs: accepted.summary(),
  refusedMs: refused.summary(),
  loadCores: (user + system) / 1_000 / ms,
  loadMicros: (user + system) / Math.max(1, sent),
}
process.stdout.write(`${JSON.stringify(pressed)}\n`)
for (const connection of connections) connection.close()
process.exit()
