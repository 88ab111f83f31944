/** Looks among orders that nobody has begun for those of one customer to one address, and lets them share a parcel. */
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { Bettering, Combination, Combining } from '../inventory/contract.ts'
import { newId } from '../platform/ids.ts'
import type { Person, Records } from '../platform/records/records.ts'
import { type Combine, isCombinable } from './combine.ts'
import type { Live } from './order.ts'
import type { OrderService } from './service.ts'

export type CombiningOptions = Readonly<{
  orders: Pick<OrderService, 'combineTogether'>
  people: Records['people']
  combining: Combining
}>
export type Candidate = Readonly<{ id: OrderId; order: Live; asked: Bettering }>
export type Combined = Readonly<{ parcels: number; saved: number }>

const origin = { actor: 'system:betterment' } as const

export const combineOrders = async (
  found: readonly Candidate[],
  leastSaving: number,
  { orders, people, combining }: CombiningOptions,
  now: Instant,
): Promise<Combined> => {
  const able = found.filter(({ order, asked }) => isCombinable(order) && combining.wanted(asked.request))
  if (able.length < 2) return { parcels: 0, saved: 0 }
  const known = await people(able.flatMap(({ order: { progress } }) => progress.contact ?? []))
  const pairs = pairsOf(able, known)
  let parcels = 0
  let saved = 0
  for (const way of await combining.ways(pairs, leastSaving)) {
    const outcomes = await orders.combineTogether(partsOf(way, newId(now)), origin)
    if (outcomes.some(isRefusal)) continue
    parcels++
    saved += way.saving
  }
  return { parcels, saved }
}

const partsOf = ({ orders, place, arrives, saving, policy }: Combination, shipment: string) =>
  orders.map((id): Readonly<{ id: OrderId; combine: Combine }> => {
    const others = orders.filter((other) => other !== id)
    return { id, combine: { arrives, combined: { type: 'ParcelsCombined', shipment, with: others, place, saving, policy } } }
  })

/** The oldest two of each customer and address, then the next two: two orders a parcel. */
const pairsOf = (able: readonly Candidate[], people: ReadonlyMap<string, Person>): (readonly [Bettering, Bettering])[] => {
  const waiting = new Map<string, Bettering>()
  const pairs: (readonly [Bettering, Bettering])[] = []
  for (const { order, asked } of able.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = sameParcel(order, people)
    if (key === undefined) continue
    const first = waiting.get(key)
    if (first === undefined) waiting.set(key, asked)
    else {
      waiting.delete(key)
      pairs.push([first, asked])
    }
  }
  return pairs
}

/** One customer (the account, or else the e-mail address), one address to the letter, one way of delivery, from one place. */
const sameParcel = ({ placed, progress }: Live, people: ReadonlyMap<string, Person>): string | undefined => {
  const person = progress.contact === undefined ? undefined : people.get(progress.contact)
  const email = person?.['email']
  const customer = placed.user ?? (typeof email === 'string' ? email.trim().toLowerCase() : undefined)
  const address = person?.['shippingAddress']
  if (customer === undefined || address === undefined || address === null) return undefined
  return JSON.stringify([customer, written(address), placed.shippingMethod, progress.plan[0]?.place])
}

/** Fields in one order and without regard to case and spaces at their ends. */
const written = (value: unknown): unknown => {
  if (typeof value === 'string') return value.trim().toLowerCase()
  if (Array.isArray(value)) return value.map(written)
  if (value === null || typeof value !== 'object') return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => [name, written(part)])
}
