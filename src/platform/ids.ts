/** UUIDv7 (RFC 9562): 48 bits of milliseconds, then a counter that makes ids of one process rise, then chance. */
import { randomFillSync } from 'node:crypto'
import type { Instant, StreamId } from '../kernel/ids.ts'

const pool = Buffer.alloc(8 * 512)
let used = pool.length
let lastMs = 0
let counter = 0

let fill: (bytes: Buffer) => void = randomFillSync
let parsed: Readonly<{ at: Instant; ms: number }> | undefined

/** @param at the batch's database time; an earlier one than before still gives a later id. */
export const newId = (at: Instant): StreamId => {
  // A batch asks many times with the one instant it has.
  if (parsed?.at !== at) parsed = { at, ms: Date.parse(at) }
  return idAt(parsed.ms)
}

export const idAt = (ms: number): StreamId => {
  if (ms > lastMs) {
    lastMs = ms
    counter = 0
  } else if (++counter > 0xfff) {
    // 4,096 ids in one millisecond: borrow the next one, as RFC 9562 §6.2 allows.
    lastMs += 1
    counter = 0
  }
  if (used + 8 > pool.length) {
    fill(pool)
    used = 0
  }
  const high = Math.floor(lastMs / 0x10000)
    .toString(16)
    .padStart(8, '0')
  const low = (lastMs % 0x10000).toString(16).padStart(4, '0')
  const chance = pool.toString('hex', used, used + 8)
  used += 8
  const variant = ((Number.parseInt(chance.slice(0, 1), 16) & 0x3) | 0x8).toString(16)
  return `${high}-${low}-7${counter.toString(16).padStart(3, '0')}-${variant}${chance.slice(1, 4)}-${chance.slice(4)}` as StreamId
}

/** No id made at this instant or later comes before it. */
export const leastIdAt = (at: Instant): StreamId => {
  const ms = Date.parse(at).toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-000000000000` as StreamId
}

/** Ids begin anew, with another chance: the simulation's, so that one seed gives the same ids twice. @returns what puts the machine's back. */
export const seedIds = (chance: (bytes: Buffer) => void): (() => void) => {
  const begin = (from: typeof fill): void => {
    fill = from
    used = pool.length
    lastMs = 0
    counter = 0
  }
  begin(chance)
  return () => begin(randomFillSync)
}
