/** Which of the units that an order holds a step means. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Place, Sku } from '../kernel/ids.ts'
import { type Entry, type Holding, type Match, take } from './holding.ts'

const [leeds, york, hull] = ['leeds', 'york', 'hull'] as [Place, Place, Place]
const entry = (place: Place, state: Entry['state'], to?: Place): Entry => ({
  line: 0,
  sku: 'mug' as Sku,
  place,
  quantity: 1,
  state,
  ...(to === undefined ? {} : { to }),
})
const taken = (holding: Holding, match: Omit<Match, 'line'>): readonly Entry[] => take(holding, { line: 0, ...match }, 1).taken

it('takes for a parcel what stays at its place, and for a transfer what is to go where that goes', () => {
  const holding = [entry(york, 'r', hull), entry(york, 'r'), entry(york, 'r', leeds)]
  assert.deepEqual(taken(holding, { state: 'r', place: york, rather: 'here' }), [entry(york, 'r')])
  assert.deepEqual(taken(holding, { state: 'r', place: york, rather: { to: leeds } }), [entry(york, 'r', leeds)])
  assert.deepEqual(taken(holding.slice(0, 2), { state: 'r', place: york, rather: { to: leeds } }), [entry(york, 'r')])
})

it('takes of what came in for a place what was set aside last', () => {
  const holding = [entry(york, 'r', leeds), entry(york, 'r'), entry(leeds, 'r')]
  assert.deepEqual(taken(holding, { state: 'r', into: leeds }), [entry(leeds, 'r')])
  assert.deepEqual(taken(holding.slice(0, 2), { state: 'r', into: leeds }), [entry(york, 'r', leeds)])
})

it('takes first what waits, then what is to be sent, then what is on its way', () => {
  const holding = [entry(york, 'r'), entry(york, 't'), entry(york, 'r', leeds), entry(york, 'w')]
  const { taken: three } = take(holding, { line: 0 }, 3)
  assert.deepEqual(three, [entry(york, 'w'), entry(york, 'r', leeds), entry(york, 't')])
})
