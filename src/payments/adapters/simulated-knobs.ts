/** How badly the simulated provider behaves. All off by default; `WAYBILL_SIMULATED_PAYMENT` holds a JSON object of them. */
import type { BankKnobs } from './simulated-session.ts'

export type SimulatedKnobs = BankKnobs &
  Readonly<{
    /** The share of calls that are not answered (0 to 1): half of them were carried out all the same. */
    timeoutShare: number
    /** The share of webhooks that never arrive (0 to 1). */
    lostShare: number
    /** Further copies of every webhook. */
    duplicate: number
    /** How late webhooks are, in milliseconds. */
    delayMs: number
    /** News of a capture comes before that of its authorisation, and that of failures after it. */
    outOfOrder: boolean
    /** Every success is followed by stale news of failure. */
    lateFailure: boolean
    declineCaptures: boolean
    declineRefunds: boolean
    /** Of the chance that the shares are drawn with. */
    seed: number
  }>

export const wellBehaved: SimulatedKnobs = {
  declines: 0,
  processing: false,
  timeoutShare: 0,
  lostShare: 0,
  duplicate: 0,
  delayMs: 0,
  outOfOrder: false,
  lateFailure: false,
  declineCaptures: false,
  declineRefunds: false,
  seed: 1,
}

/** @throws where the text is not an object of known knobs, naming the one that is wrong. */
export const parseKnobs = (text: string | undefined): SimulatedKnobs => {
  if (text === undefined || text.trim() === '') return wellBehaved
  const wrong = (what: string): Error =>
    new Error(`WAYBILL_SIMULATED_PAYMENT: ${what}; known are ${Object.keys(wellBehaved).join(', ')}`)
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (cause) {
    throw new Error('WAYBILL_SIMULATED_PAYMENT is not JSON', { cause })
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('it must be a JSON object')
  for (const [name, value] of Object.entries(given)) {
    const standard = new Map<string, unknown>(Object.entries(wellBehaved)).get(name)
    if (standard === undefined) throw wrong(`there is no ${name}`)
    if (typeof value !== typeof standard) throw wrong(`${name} must be a ${typeof standard}`)
    if (typeof value === 'number' && (!Number.isFinite(value) || value < 0)) throw wrong(`${name} must not be negative`)
    if (name.endsWith('Share') && Number(value) > 1) throw wrong(`${name} is a share from 0 to 1`)
  }
  return { ...wellBehaved, ...given }
}

/** Repeatable chance (mulberry32): numbers from 0 to 1. */
export const chance = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
