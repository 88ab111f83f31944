/** Events and ends: each reaction has each event's effect once and in order, rooms agree with each other, and nothing is left behind silently. */
import { dayIn, milliseconds } from '../../src/kernel/time.ts'
import { waitingOf } from '../../src/orders/stuck.ts'
import { carriesUnits } from '../../src/orders/order.ts'
import { isAnnounced } from '../../src/shipping/parcel.ts'
import { isLive } from '../../src/fulfilment/work.ts'
import type { Seen } from './state.ts'

/** I9: no event has its effect twice; in the end none was passed over, and nothing is given up. */
export const everyEventOnce = (seen: Seen): readonly string[] => {
  const { reactions, journal, parked, isEnd } = seen
  const found: string[] = []
  for (const { name, on, done, position } of reactions) {
    const once = new Set(done)
    if (once.size !== done.length) {
      const twice = done.find((at, index) => done.indexOf(at) !== index)
      found.push(`${name} had the effect of event ${twice} twice`)
    }
    if (!isEnd) continue
    const kept = new Set(parked.flatMap((row) => (row.consumer === name ? [row.position] : [])))
    for (const { position: at, fact } of journal)
      if (on.includes(fact.type) && !once.has(at) && !kept.has(at))
        found.push(at <= position ? `${name} passed ${fact.type} at ${at} by` : `${name} never came to ${fact.type} at ${at}`)
  }
  if (isEnd)
    for (const { consumer, position, reason } of parked)
      if (!isLossTold(seen, consumer, position)) found.push(`${consumer} gave event ${position} up, or keeps it: ${reason}`)
  return [...found, ...inTurn(reactions, journal)]
}

/**
 * A carrier scans late what was cancelled meanwhile and sold again: nobody can send it twice, and a dead letter that people
 * see is all that is left.
 */
const isLossTold = ({ journal, orders }: Seen, consumer: string, position: number): boolean => {
  const row = journal.find((one) => one.position === position)
  if (consumer !== 'inventory.moves' || row?.fact.type !== 'ParcelCollected' || !('order' in row.fact)) return false
  const { order } = row.fact
  const state = typeof order === 'string' ? orders.get(order)?.state : undefined
  return (
    state?.status === 'live' &&
    state.progress.counters.shipped.some((units, line) => units > (state.progress.counters.current[line] ?? 0))
  )
}

/** Facts of one stream reach each reaction in their order. */
const inTurn = (reactions: Seen['reactions'], journal: Seen['journal']): string[] => {
  const at = new Map(journal.map((row) => [row.position, row]))
  return reactions.flatMap(({ name, done }) => {
    const last = new Map<string, number>()
    for (const position of done) {
      const row = at.get(position)
      if (row === undefined) continue
      const before = last.get(row.stream) ?? 0
      if (row.version < before) return [`${name} took version ${row.version} of ${row.stream} after version ${before}`]
      last.set(row.stream, row.version)
    }
    return []
  })
}

/** I7: an order that nobody works on and nobody is waited for is stuck. */
export const everyOrderEnds = (seen: Seen): readonly string[] => {
  if (!seen.isEnd) return []
  const today = dayIn('UTC', seen.now)
  return [...seen.orders].flatMap(([id, { state }]) => {
    const waiting = state.status === 'live' ? waitingOf(state, today, seen.now) : undefined
    return waiting?.waitsFor === 'system' ? [`order ${id}: ${waiting.reason}, ${waiting.detail}`] : []
  })
}

/** A worker looks twice a second. */
const aWhileMs = 5_000

/** I7: tasks that were given up, or that nobody took though they are due. */
export const nothingSilent = ({ tasks, now, isEnd }: Seen): readonly string[] =>
  isEnd
    ? tasks.flatMap(({ kind, key, dead, dueAt, lastError, attempt }) =>
        dead || milliseconds(now) - milliseconds(dueAt) > aWhileMs
          ? [`task ${kind} of ${key}: ${dead ? 'given up' : `due since ${dueAt}`} after ${attempt} tries: ${lastError}`]
          : [],
      )
    : []

/** I10: what orders says of stock, warehouses, parcels and returns is what those rooms say. */
export const roomsAgree = (seen: Seen): readonly string[] => {
  if (!seen.isEnd) return []
  const found: string[] = []
  for (const [id, { state }] of seen.orders) {
    if (state.status !== 'live') continue
    const { placed, progress } = state
    const holding = seen.holdings.get(id) ?? []
    const held = (line: number, states: string): number =>
      holding.reduce((sum, entry) => sum + (entry.line === line && states.includes(entry.state) ? entry.quantity : 0), 0)
    for (const [line, placedLine] of placed.lines.entries()) {
      if (!carriesUnits(placedLine)) continue
      const at = (name: keyof typeof progress.counters): number => progress.counters[name][line] ?? 0
      if (held(line, 'rt') !== at('reserved') || held(line, 'w') !== at('backordered') + at('preordered'))
        found.push(
          `order ${id} line ${line + 1}: stock holds ${held(line, 'rt')} and ${held(line, 'w')} waiting, the order says ${at('reserved')} and ${at('backordered') + at('preordered')}`,
        )
    }
    for (const { id: work, status } of progress.fulfilments) {
      const truth = seen.fulfilments.get(work)?.state
      if (truth === undefined || !isLive(truth) || truth.status !== status)
        found.push(`order ${id}: work ${work} is ${truth === undefined ? 'gone' : truth.status}, the order says ${status}`)
    }
    for (const { id: parcel, status } of progress.parcels) {
      const truth = seen.parcels.get(parcel)?.state
      if (truth === undefined || !isAnnounced(truth) || truth.status !== status)
        found.push(`order ${id}: parcel ${parcel} is ${truth === undefined ? 'gone' : truth.status}, the order says ${status}`)
    }
  }
  for (const [id, { state }] of seen.returns)
    if (state.status === 'received') found.push(`return ${id} came back, and the order does not have it in its books`)
  return found
}
