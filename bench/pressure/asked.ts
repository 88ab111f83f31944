/** What `pressure` asks of its load process, and what it hears back. */
import type { Range } from '../load/asked.ts'
import type { Spread } from '../load/latencies.ts'

export type PressureAsked = Range &
  Readonly<{
    url: string
    key: string
    connections: number
    /** `orders` are placed, `lists` are first pages of the order list: each is a read of its own. */
    what: 'orders' | 'lists'
    perSecond: number
    seconds: number
    /** Of these, at the beginning: not counted. */
    warmUpSeconds: number
    /** An answer that comes later than this after the order was due is none. */
    withinMs: number
  }>

export type Pressed = Readonly<{
  perSecond: number
  /** Due and sent, a second. */
  offered: number
  /** Answered with 2xx or 409 in time, a second. */
  good: number
  accepted: number
  refused: number
  /** Everything offered, by what came of it: a status, `cut`, `unanswered`. */
  answers: Readonly<Record<string, number>>
  /** Answers of 503 that do not say when to come back. */
  withoutRetryAfter: number
  acceptedMs: Spread
  refusedMs: Spread
  /** What the load itself took of the processor. */
  loadCores: number
  loadMicros: number
}>
