/** One question over HTTP with all that may become of it, written into the history before it is sent and when it is answered. */
import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Asked, History } from './history.ts'

/** Longer than Waybill takes for anything; shorter than a pause of the nemesis, so that some of these do run out. */
const answerMaxMs = 4_000
/** A start takes two seconds, and several faults may come one after the other. */
const patienceMs = 60_000
/** Who was not answered waits longer each time, and not all as long: a crowd that comes back at once would be the next fault. */
const againMs = { least: 150, most: 3_000 } as const
/** How often somebody looks whether the door is open again. */
const doorMs = 50

export type Answer = Readonly<{ status: number; body: Body; replayed: boolean; retryAfterMs: number }>
/** What is looked at in any answer. */
export type Body = Readonly<{
  id?: string
  code?: string
  status?: string
  data?: readonly Readonly<Record<string, unknown>>[]
  lines?: readonly Readonly<{ id: string; quantity: Readonly<Record<string, number>> }>[]
  fulfilments?: readonly Readonly<{ warehouse: string }>[]
}>
/** `refused`: nobody listened, so it did not happen. */
export type Outcome = Answer | Readonly<{ why: string }>

export type Question = Readonly<{ method: string; path: string; body?: unknown; asked: Asked }>

export type Door = Readonly<{ url: () => string | undefined; ownerKey: string; chance: () => number }>

export const digest = (body: unknown): string => createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 12)

/** What came to nothing for certain: neither done nor to be asked again with hope. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429

export class Asking {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 })
  readonly #history: History
  readonly #door: Door

  constructor(history: History, door: Door) {
    this.#history = history
    this.#door = door
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Asks with the same key until it is known what became of it. @returns undefined where patience ran out first. */
  async settle(process: string, question: Question): Promise<Answer | undefined> {
    const end = performance.now() + patienceMs
    let pauseMs: number = againMs.least
    for (;;) {
      // Whoever finds the door shut stands before it, and comes in as soon as it opens.
      if (this.#door.url() === undefined) pauseMs = againMs.least
      while (this.#door.url() === undefined && performance.now() < end) await wait(doorMs)
      const outcome = await this.once(process, question)
      if ('status' in outcome && (outcome.status < 400 || isFinal(outcome.status))) return outcome
      if (performance.now() > end) return undefined
      const told = 'status' in outcome ? outcome.retryAfterMs : 0
      await wait(Math.max(told, pauseMs * (0.5 + this.#door.chance())))
      pauseMs = Math.min(againMs.most, pauseMs * 2)
    }
  }

  /** One try, noted. */
  async once(process: string, { method, path, body, asked }: Question): Promise<Outcome> {
    const op = this.#history.operation()
    const noted = { process, op, ...asked }
    this.#history.note({ ...noted, kind: 'invoke' })
    const outcome = await this.ask(method, path, body, asked.key)
    if ('why' in outcome) this.#history.note({ ...noted, kind: 'info', status: 0, why: outcome.why })
    else if (outcome.status < 400)
      this.#history.note({ ...noted, kind: 'ok', status: outcome.status, id: outcome.body.id ?? '', replayed: outcome.replayed })
    else if (isFinal(outcome.status))
      this.#history.note({ ...noted, kind: 'fail', status: outcome.status, code: outcome.body.code ?? '' })
    else this.#history.note({ ...noted, kind: 'info', status: outcome.status, why: outcome.body.code ?? '' })
    return outcome
  }

  /** Without a word in the history: reads, which change nothing. */
  async ask(method: string, path: string, body?: unknown, key?: string): Promise<Outcome> {
    const url = this.#door.url()
    return url === undefined ? { why: 'refused' } : this.#send(new URL(path, url), method, body, key)
  }

  #send(url: URL, method: string, body: unknown, key: string | undefined): Promise<Outcome> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve) => {
      const sent = request(
        url,
        {
          agent: this.#agent,
          method,
          timeout: answerMaxMs,
          headers: {
            authorization: `Bearer ${this.#door.ownerKey}`,
            ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...(key === undefined ? {} : { 'idempotency-key': key }),
          },
        },
        (answer) => {
          let said = ''
          answer.setEncoding('utf8').on('data', (part: string) => (said += part))
          answer.once('error', () => resolve({ why: 'cut in the answer' }))
          answer.once('aborted', () => resolve({ why: 'cut in the answer' }))
          answer.once('end', () => {
            const isJson = /json/.test(answer.headers['content-type'] ?? '')
            const parsed = isJson && said !== '' ? (JSON.parse(said) as Body) : {}
            resolve({
              status: answer.statusCode ?? 0,
              body: parsed,
              replayed: answer.headers['idempotent-replayed'] === 'true',
              retryAfterMs: Number(answer.headers['retry-after'] ?? 0) * 1_000,
            })
          })
        },
      )
      sent.once('timeout', () => sent.destroy(new Error('timed out')))
      sent.once('error', (fault) => resolve({ why: 'code' in fault && fault.code === 'ECONNREFUSED' ? 'refused' : fault.message }))
      sent.end(text)
    })
  }
}
