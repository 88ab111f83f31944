/**
 * Back-pressure at the door: beyond what gets done, a request is refused with 503 and `Retry-After` before anybody asks
 * who sent it and before its body is read. Refusing must be cheap, or under a flood nothing else is done: the answer is
 * written at once, past all later hooks. Node reads the unread body on and throws it away, so the connection stays usable.
 * When the server is stopped, the same door closes: who is inside is answered first.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, problemType } from '../../kernel/problem.ts'
import type { Callers } from '../callers.ts'
import { Crowd } from './crowd.ts'
import { anyRetryAfter } from './retry-after.ts'

/**
 * Counted apart, so that none starves behind another: a rush of new orders must not keep a warehouse from packing, a
 * payment from being recorded, or a customer from looking.
 */
const lanes = ['placing', 'changing', 'reading'] as const
export type Lane = (typeof lanes)[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Never refused for load: who runs Waybill must see it when it is busiest. */
    alwaysAdmitted?: boolean
  }
  interface FastifyInstance {
    admission: Admission
  }
}

/** Made once: an error's stack costs more than the rest of a refusal, and its text more than the rest of that. */
type Refusal = Readonly<{ problem: Problem; opening: string }>
const refusalOf = (problem: Problem): Refusal => {
  const { code, message: detail } = problem
  const { status, title } = problem.kind
  return { problem, opening: JSON.stringify({ type: problemType(code), code, status, title, detail }).slice(0, -1) }
}
const tooMuch = refusalOf(
  new Problem(
    'overloaded',
    { status: 503, title: 'Too busy', retryable: true },
    'More is asked than gets done. Nothing was done of this: repeat it, with the same key, in a moment.',
  ),
)
const stopping = refusalOf(
  new Problem(
    'unavailable',
    { status: 503, title: 'Stopping', retryable: true },
    'This server is being stopped. Nothing was done of this: repeat it, with the same key, in a moment.',
  ),
)

/** A caller who has gone away: what he asked for is still being done, and counts until it is, at most this long. */
const goneMsMax = 60_000
/** Requests take milliseconds, and of the thirty seconds of a stop reactions and tasks need some too. */
const closingMsMax = 10_000
/** So often it is looked whether everybody is out: who has gone away does not say when the work for him is done. */
const lookEveryMs = 20

const laneOf = (method: string, url: string): Lane => {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'reading'
  // Asking for a promise changes nothing: a rush of lookers keeps no warehouse from packing.
  if (/\/promises\/?(?:\?|$)/.test(url)) return 'reading'
  // `/v1/orders`, `/orders`, `/oms/orders`: what brings new work; everything else carries on what is there.
  return method === 'POST' && /\/orders\/?(?:\?|$)/.test(url) ? 'placing' : 'changing'
}

/** `crowd` is absent for those who are always admitted: they are not counted. */
type Inside = Readonly<{ raw: ServerResponse; since: number; crowd: Crowd | undefined; weight: number }>

export class Admission {
  readonly crowds: Readonly<Record<Lane, Crowd>> = { placing: new Crowd(), changing: new Crowd(), reading: new Crowd() }
  readonly #inside = new Set<ServerResponse>()
  readonly #gone = new Set<Inside>()
  readonly #callers: Callers
  #isClosed = false

  constructor(callers: Callers) {
    this.#callers = callers
  }

  /** @returns whether the request may go on; else it is answered. */
  admit(request: FastifyRequest, reply: FastifyReply): boolean {
    if (this.#isClosed) return refuse(request, reply, stopping)
    const { config } = request.routeOptions
    const lane = config.alwaysAdmitted === true ? undefined : laneOf(request.method, request.url)
    const crowd = lane === undefined ? undefined : this.crowds[lane]
    const now = performance.now()
    if (this.#gone.size > 0) this.#forget(now)
    if (crowd?.admits(now) === false) return refuse(request, reply, tooMuch)
    // Who only looks is not kept waiting by what follows from commands: it asks for little, and some looks last for minutes.
    const isCommand = lane === 'placing' || lane === 'changing'
    const weight = isCommand ? this.#callers.came(Number(request.headers['content-length'] ?? 0)) : 0
    this.#watch({ raw: reply.raw, since: now, crowd, weight })
    return true
  }

  /**
   * Takes nobody any more, and lets those who are inside have their answers, after which their connections end.
   * @returns when all of it is done, also what was asked for by those who have gone away; in the end without the slowest.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const raw of this.#inside) if (!raw.headersSent) raw.setHeader('connection', 'close')
    const end = performance.now() + closingMsMax
    while (this.#isBusy() && performance.now() < end) await wait(lookEveryMs)
  }

  #isBusy(): boolean {
    return this.#inside.size > 0 || [...this.#gone].some(({ raw }) => !raw.writableEnded)
  }

  #watch(one: Inside): void {
    const { raw, since, crowd, weight } = one
    this.#inside.add(raw)
    const over = (): void => {
      if (!this.#inside.delete(raw)) return
      this.#callers.answered(weight)
      if (raw.writableEnded) crowd?.letOut(performance.now() - since)
      else this.#gone.add(one)
    }
    raw.on('finish', over)
    // Without `finish` before it, the caller has gone away.
    raw.on('close', over)
  }

  #forget(now: number): void {
    for (const gone of this.#gone) {
      if (!gone.raw.writableEnded && now - gone.since < goneMsMax) continue
      this.#gone.delete(gone)
      gone.crowd?.letOut(now - gone.since)
    }
  }
}

const refuse = (request: FastifyRequest, reply: FastifyReply, { problem, opening }: Refusal): false => {
  const { problems: shaped } = request.routeOptions.config
  const body =
    shaped === undefined
      ? `${opening},"instance":${JSON.stringify(request.url)},"requestId":"${request.id}","retryable":true}`
      : JSON.stringify(shaped(problem, request).body)
  // Fastify's own way of sending costs half as much again.
  reply.hijack()
  reply.raw.writeHead(problem.kind.status, {
    'content-type': shaped === undefined ? 'application/problem+json' : 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'retry-after': anyRetryAfter(),
    'request-id': request.id,
  })
  reply.raw.end(body)
  return false
}

/** Puts the doorkeeper before every other hook; `app.close()` ends when the last request is done. */
export const admitWhatFits = (app: FastifyInstance, callers: Callers): void => {
  const admission = new Admission(callers)
  app.decorate('admission', admission)
  app.addHook('onRequest', (request, reply, done) => {
    if (admission.admit(request, reply)) done()
  })
  let emptied = Promise.resolve()
  app.addHook('preClose', (done) => {
    // Not waited for here: the server listens until this hook is over. Callers keep idle connections open for minutes.
    emptied = admission.close().then(() => app.server.closeAllConnections())
    done()
  })
  app.addHook('onClose', () => emptied)
}
