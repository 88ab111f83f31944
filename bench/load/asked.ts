/** What a case asks of the load process, and what it hears back. */
import type { Spread } from './latencies.ts'

/** Products `S<first>` … of so many. */
export type Range = Readonly<{ products: number; first?: number }>
type Target = Readonly<{ url: string; key: string; connections: number }>
export type LoadAsked = Target &
  (
    | (Range & Readonly<{ scenario: 'place'; seconds: number; lines?: number }>)
    | (Range & Readonly<{ scenario: 'open'; seconds: number; perSecond: number }>)
    | (Range & Readonly<{ scenario: 'flash'; buyers: number; lines: number; secondsMax: number }>)
    | (Range & Readonly<{ scenario: 'journey'; seconds: number }>)
    | (Range & Readonly<{ scenario: 'neighbours'; seconds: number; largeEveryMs: number; largeLines: number }>)
  )
export type AskedOf<Scenario extends LoadAsked['scenario']> = Extract<LoadAsked, Readonly<{ scenario: Scenario }>>

export type Loaded = Readonly<{
  /** From the first request to the last answer. */
  seconds: number
  /** Answers by HTTP status. */
  answers: Readonly<Record<string, number>>
  /** What was counted: orders, or a shopper's requests. */
  done: number
  perSecond: number
  latency: Spread
  /** Processor time of the load process itself, a request. */
  loadMicros: number
  /** Requests that were cut off and asked again with the same key. */
  cut: number
  /** Requests that were refused as too busy (503 with Retry-After) and asked again later. */
  shed: number
  /** Answers other than expected, one of each status, for the message. */
  odd: readonly string[]
  /** The open loop only: orders with the moment their answer came, on the clock all processes share. */
  seen?: readonly Seen[]
}>
export type Seen = readonly [order: string, atMs: number]

/** The same in every process of this machine, and finer than a millisecond. */
export const sharedClock = (): number => performance.timeOrigin + performance.now()
