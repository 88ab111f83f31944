/**
 * Back-pressure at the door: beyond what gets done, a request is refused with 503 and `Retry-After` before anybody asks
 * who sent it and before its body is read. Refusing must be cheap, or under a flood nothing else is done: the answer is
 * written at once, past all later hooks. Node reads the unread body on and throws it away, so the connection stays usable.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, problemType } from '../../kernel/problem.ts'
import { Crowd } from './crowd.ts'

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

/** Seconds after which a refused caller comes again: one of these by chance, or all would come back at once. */
const retryAfterSeconds = ['1', '2', '3', '4'] as const
const anyRetryAfter = (): string => retryAfterSeconds[Math.floor(Math.random() * retryAfterSeconds.length)] ?? '1'

/** Made once: an error's stack costs more than the rest of a refusal. */
const tooMuch = new Problem(
  'overloaded',
  { status: 503, title: 'Too busy', retryable: true },
  'More is asked than gets done. Nothing was done of this: repeat it, with the same key, in a moment.',
)
const { code, message: detail } = tooMuch
const { status, title } = tooMuch.kind
const opening = JSON.stringify({ type: problemType(code), code, status, title, detail }).slice(0, -1)

/** A caller who has gone away: what he asked for is still being done, and counts until it is, at most this long. */
const goneMsMax = 60_000

const laneOf = (method: string, url: string): Lane => {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'reading'
  // `/v1/orders`, `/orders`, `/oms/orders`: what brings new work; everything else carries on what is there.
  return method === 'POST' && /\/orders\/?(?:\?|$)/.test(url) ? 'placing' : 'changing'
}

type Gone = Readonly<{ raw: ServerResponse; since: number; crowd: Crowd }>

export class Admission {
  readonly crowds: Readonly<Record<Lane, Crowd>> = { placing: new Crowd(), changing: new Crowd(), reading: new Crowd() }
  readonly #gone = new Set<Gone>()

  /** @returns whether the request may go on; else it is answered. */
  admit(request: FastifyRequest, reply: FastifyReply): boolean {
    const { config } = request.routeOptions
    if (config.alwaysAdmitted === true) return true
    const crowd = this.crowds[laneOf(request.method, request.url)]
    const now = performance.now()
    if (this.#gone.size > 0) this.#forget(now)
    if (!crowd.admits(now)) {
      refuse(request, reply)
      return false
    }
    this.#watch(reply.raw, crowd, now)
    return true
  }

  #watch(raw: ServerResponse, crowd: Crowd, since: number): void {
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      if (raw.writableEnded) crowd.letOut(performance.now() - since)
      else this.#gone.add({ raw, since, crowd })
    }
    raw.on('finish', over)
    // Without `finish` before it, the caller has gone away.
    raw.on('close', over)
  }

  #forget(now: number): void {
    for (const gone of this.#gone) {
      if (!gone.raw.writableEnded && now - gone.since < goneMsMax) continue
      this.#gone.delete(gone)
      gone.crowd.letOut(now - gone.since)
    }
  }
}

const refuse = (request: FastifyRequest, reply: FastifyReply): void => {
  const { problems: shaped } = request.routeOptions.config
  const body =
    shaped === undefined
      ? `${opening},"instance":${JSON.stringify(request.url)},"requestId":"${request.id}","retryable":true}`
      : JSON.stringify(shaped(tooMuch, request).body)
  // Fastify's own way of sending costs half as much again.
  reply.hijack()
  reply.raw.writeHead(status, {
    'content-type': shaped === undefined ? 'application/problem+json' : 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'retry-after': anyRetryAfter(),
    'request-id': request.id,
  })
  reply.raw.end(body)
}

/** Puts the doorkeeper before every other hook. */
export const admitWhatFits = (app: FastifyInstance): void => {
  const admission = new Admission()
  app.decorate('admission', admission)
  app.addHook('onRequest', (request, reply, done) => {
    if (admission.admit(request, reply)) done()
  })
}
