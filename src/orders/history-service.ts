/** The writes that bring history in: order rows, their events at their own dates, outside ids, addresses. */
import { createHash } from 'node:crypto'
import type { Instant, OrderId, PersonRef, StreamId } from '../kernel/ids.ts'
import { milliseconds } from '../kernel/time.ts'
import type { KeyClaim, Person, Records } from '../platform/records/records.ts'
import type { Write } from '../platform/store/work.ts'
import type { OrderHistory } from './history.ts'
import type { OrderRepository } from './store.ts'

/** Who did it, in every event of history: reactions that have nothing to do with the past tell it by this name. */
const importer = { actor: 'import' } as const

/**
 * A UUIDv7 at a date of its own, the same for the same seed: history that is brought in twice collides with itself. Apart
 * from `platform/ids.ts`, whose ids rise along a process's own time.
 */
export const historyId = (at: Instant, seed: string): StreamId => {
  const time = milliseconds(at).toString(16).padStart(12, '0')
  const chance = createHash('sha256').update(seed).digest('hex')
  const variant = ((Number.parseInt(chance.slice(3, 4), 16) & 0x3) | 0x8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.slice(0, 3)}-${variant}${chance.slice(4, 7)}-${chance.slice(7, 19)}` as StreamId
}

/** The same claim a placement makes: an outside id is used once, whichever way its order came. */
export const historyClaim = (externalRef: string): KeyClaim => ({ scope: 'external-ref', key: externalRef, hash: '' })

export type HistoricalBatch = readonly Readonly<{
  externalRef: string
  history: OrderHistory
  contact: PersonRef
  person: Person
}>[]

export const historicalOrders = (records: Records, repository: OrderRepository, batch: HistoricalBatch): readonly Write[] => [
  // Written as last changed when it was, not now: a list by change shows history where it belongs.
  ...batch.map(({ history: { change, steps } }) => repository.add([change], lastOf(steps))),
  records.append(batch.flatMap(({ history }) => appendsOf(history))),
  records.claim(batch.map(({ externalRef, history }) => ({ ...historyClaim(externalRef), object: history.change.id as OrderId }))),
  records.describe(batch.map(({ contact, person }) => ({ ref: contact, body: person }))),
]

const lastOf = (steps: OrderHistory['steps']): Instant => {
  const last = steps.at(-1)
  if (last === undefined) throw new Error('a history without events')
  return last.at
}

const appendsOf = ({ change, steps }: OrderHistory): Parameters<Records['append']>[0] => {
  let version = 0
  return steps.map(({ at, events }) => {
    const firstVersion = version + 1
    version += events.length
    return { stream: change.id, firstVersion, facts: events, origin: importer, at }
  })
}
