/** What clients, customers and staff set out to do in one seed: a list that is drawn first, so that it can be shortened. */
import type { Place, Sku } from '../../src/kernel/ids.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import type { BuyerAction } from '../../src/payments/adapters/simulated-session.ts'
import { Random } from './random.ts'

export type WantedLine = Readonly<{ sku: Sku; quantity: number; ifShort: PlacedLine['ifShort']; bundle?: readonly Sku[] }>
type At = Readonly<{
  /** Its name: what belongs to one order names the operation that places it. */
  id: number
  /** Milliseconds after the seed began. */
  at: number
}>
export type Operation = At &
  Readonly<
    | {
        do: 'place'
        lines: readonly WantedLine[]
        terms: 'prepaid' | 'outside'
        capture: 'placement' | 'shipment'
        ttlSeconds?: number | undefined
        /** Sent so many times with one key. */
        copies: number
        /** Sent once more with its key and another body. */
        otherBody: boolean
      }
    | { do: 'pay'; of: number; action: BuyerAction }
    | { do: 'cancel'; of: number; line?: number | undefined }
    | { do: 'return'; of: number }
    | { do: 'receive'; sku: Sku; place: Place; quantity: number }
    | { do: 'adjust'; sku: Sku; place: Place; by: number }
    | { do: 'expect'; sku: Sku; place: Place; quantity: number; comes: boolean }
    | { do: 'read' }
  >
export type OperationOf<Do extends Operation['do']> = Extract<Operation, { do: Do }>

export const places = ['leeds', 'york'] as Place[]
/** The first two are nearly sold out, whatever is received. */
export const skus = ['mug', 'pen', 'cup', 'jar', 'box'] as Sku[]
/** Clients begin things this long; what follows from them takes as long as it takes. */
export const busyMs = 12_000

const lineOf = (random: Random, skusLeft: Sku[]): WantedLine => {
  const at = Math.floor(random.next() ** 1.5 * skusLeft.length)
  const [sku] = skusLeft.splice(at, 1)
  if (sku === undefined) throw new Error('no product is left to order')
  const ifShort = random.pick(['refuse', 'refuse', 'backorder', 'preorder', 'cancelLine'] as const)
  return { sku, quantity: random.int(1, 3), ifShort }
}

const linesOf = (random: Random): readonly WantedLine[] => {
  const left = [...skus]
  const lines = Array.from({ length: random.int(1, 3) }, () => lineOf(random, left))
  if (!random.happens(0.15)) return lines
  return [...lines, { sku: 'set' as Sku, quantity: random.int(1, 2), ifShort: 'refuse', bundle: ['mug', 'box'] as Sku[] }]
}

/** @param few a third of the orders: a seed then takes half the time, and leaves more of it to the faults. */
export const drawOperations = (seed: number, few = false): readonly Operation[] => {
  const random = new Random(seed, 'operations')
  const operations: Operation[] = []
  const add = (operation: Operation): void => void operations.push(operation)
  let id = 0
  for (const sku of skus)
    for (const place of places) {
      const scarce = sku === 'mug' || sku === 'pen'
      add({ id: ++id, at: 0, do: 'receive', sku, place, quantity: scarce ? random.int(1, 4) : random.int(4, 12) })
    }
  const orders = Math.ceil(random.int(8, 16) / (few ? 3 : 1))
  for (let order = 0; order < orders; order++) {
    const at = random.between(300, busyMs)
    const of = ++id
    const prepaid = random.happens(0.7)
    add({
      id: of,
      at,
      do: 'place',
      lines: linesOf(random),
      terms: prepaid ? 'prepaid' : 'outside',
      capture: random.happens(0.5) ? 'placement' : 'shipment',
      ttlSeconds: prepaid && random.happens(0.6) ? random.int(2, 10) : undefined,
      copies: random.happens(0.25) ? random.int(2, 3) : 1,
      otherBody: random.happens(0.08),
    })
    if (prepaid && random.happens(0.85)) {
      const action = random.happens(0.8) ? 'pay' : random.pick(['decline', 'refuse', 'cancel'] as const)
      add({ id: ++id, at: at + random.between(100, 9_000), do: 'pay', of, action })
      if (action === 'decline') add({ id: ++id, at: at + random.between(9_000, 10_000), do: 'pay', of, action: 'pay' })
    }
    if (random.happens(0.3)) {
      const line = random.happens(0.5) ? 0 : undefined
      add({ id: ++id, at: at + random.between(50, 8_000), do: 'cancel', of, line })
    }
    if (random.happens(0.2)) add({ id: ++id, at: at + random.between(8_000, 12_000), do: 'return', of })
  }
  for (let count = random.int(1, 5); count > 0; count--) {
    const [sku, place, at] = [random.pick(skus), random.pick(places), random.between(0, busyMs)]
    const what = random.next()
    if (what < 0.4) add({ id: ++id, at, do: 'receive', sku, place, quantity: random.int(1, 6) })
    else if (what < 0.7) add({ id: ++id, at, do: 'adjust', sku, place, by: random.int(-3, 3) })
    else add({ id: ++id, at: at / 3, do: 'expect', sku, place, quantity: random.int(2, 8), comes: random.happens(0.8) })
  }
  for (let count = random.int(2, 5); count > 0; count--) add({ id: ++id, at: random.between(500, busyMs), do: 'read' })
  return operations.sort((a, b) => a.at - b.at)
}

export const told = (operation: Operation): string => {
  const { id, at, do: what, ...about } = operation
  return `${String(Math.round(at)).padStart(6)} ms  #${id} ${what} ${JSON.stringify(about)}`
}
