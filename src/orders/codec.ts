/** Progress as it is stored: only what differs from a freshly placed order, and counters as plain arrays without empty ones. */
import { counterNames, type Counters, type Placed, type Progress } from './order.ts'
import { evolve } from './evolve.ts'

type Packed = Partial<Omit<Progress, 'counters'>> & { counters?: Partial<Counters> }

const blank = (placed: Placed): Progress => {
  const fresh = evolve({ status: 'unplaced' }, placed)
  if (fresh.status !== 'live') throw new Error('a placement makes a live order')
  return fresh.progress
}
const isEmpty = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0)

export const packProgress = (progress: Progress, placed: Placed): Packed => {
  const fresh = blank(placed)
  const counters: Partial<Record<keyof Counters, readonly number[]>> = {}
  for (const name of counterNames) {
    const values = progress.counters[name]
    if (
      name === 'current'
        ? values.some((units, line) => units !== fresh.counters.current[line])
        : values.some((units) => units !== 0)
    )
      counters[name] = values
  }
  const packed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(progress)) {
    if (name === 'counters' || isEmpty(value)) continue
    // By identity: a step that changes nothing hands the same object on, and a needless copy costs bytes, not truth.
    if (value !== fresh[name as keyof Progress]) packed[name] = value
  }
  // What a placement brings and progress takes away again must be said, or it would come back when unpacked.
  for (const name of ['expiresAt', 'contact'] as const)
    if (fresh[name] !== undefined && progress[name] === undefined) packed[name] = null
  if (Object.keys(counters).length > 0) packed['counters'] = counters
  return packed
}

export const unpackProgress = (packed: Packed, placed: Placed): Progress => {
  const fresh = blank(placed)
  const { counters, ...rest } = packed
  const progress: Record<string, unknown> = { ...fresh, ...rest, counters: { ...fresh.counters, ...counters } }
  for (const name of Object.keys(progress)) if (progress[name] === null) delete progress[name]
  return progress as Progress
}
