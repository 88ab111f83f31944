/** Stock: nothing is sold twice, and every unit is accounted for. */
import type { Seen } from './state.ts'

type Sums = { onHand: number; reserved: number; inTransit: number; damaged: number }
const none = (): Sums => ({ onHand: 0, reserved: 0, inTransit: 0, damaged: 0 })

/** I3: nothing is below zero, and nothing is promised that is not there. */
export const noOversell = ({ levels }: Seen): readonly string[] =>
  levels.flatMap(({ sku, place, onHand, reserved, inTransit, damaged }) =>
    Math.min(onHand, reserved, inTransit, damaged, onHand - reserved) < 0
      ? [`${sku} in ${place}: ${onHand} there, ${reserved} reserved, ${inTransit} on the way, ${damaged} damaged`]
      : [],
  )

/** I4: the ledger's sum is the level, what orders hold is what is reserved, who waits is in the queue, and no unit appears or vanishes. */
export const ledgerBalances = (seen: Seen): readonly string[] => [...sums(seen), ...held(seen), ...queued(seen), ...conserved(seen)]

const sums = ({ levels, ledger }: Seen): string[] => {
  const found = new Map<string, Sums>()
  for (const row of ledger) {
    const key = `${row.sku} in ${row.place}`
    const sum = found.get(key) ?? none()
    found.set(key, sum)
    sum.onHand += row.onHand
    sum.reserved += row.reserved
    sum.inTransit += row.inTransit
    sum.damaged += row.damaged
  }
  return levels.flatMap((level) => {
    const key = `${level.sku} in ${level.place}`
    const sum = found.get(key) ?? none()
    const same =
      sum.onHand === level.onHand &&
      sum.reserved === level.reserved &&
      sum.inTransit === level.inTransit &&
      sum.damaged === level.damaged
    return same ? [] : [`${key}: the ledger says ${JSON.stringify(sum)}, the level ${JSON.stringify(level)}`]
  })
}

const held = ({ levels, holdings }: Seen): string[] => {
  const units = new Map<string, number>()
  for (const holding of holdings.values())
    for (const { sku, place, quantity, state } of holding)
      if (state === 'r') units.set(`${sku} in ${place}`, (units.get(`${sku} in ${place}`) ?? 0) + quantity)
  return levels.flatMap(({ sku, place, reserved }) => {
    const here = units.get(`${sku} in ${place}`) ?? 0
    return here === reserved ? [] : [`${sku} in ${place}: orders hold ${here}, ${reserved} are reserved`]
  })
}

const queued = ({ holdings, waiting }: Seen): string[] => {
  const rows = new Map<string, number>()
  for (const { order, line, quantity } of waiting)
    rows.set(`${order} line ${line}`, (rows.get(`${order} line ${line}`) ?? 0) + quantity)
  for (const [order, holding] of holdings)
    for (const { line, quantity, state } of holding)
      if (state === 'w') rows.set(`${order} line ${line}`, (rows.get(`${order} line ${line}`) ?? 0) - quantity)
  return [...rows].flatMap(([key, units]) => (units === 0 ? [] : [`${key}: the queue has ${units} more than the order waits for`]))
}

/** Only some kinds of movement make or take units; all others move them between places and states. */
const conserved = ({ ledger }: Seen): string[] => {
  const moved = new Map<string, { kind: string; units: number }>()
  for (const { sku, onHand, inTransit, damaged, kind } of ledger) {
    const sum = moved.get(`${sku} ${kind}`) ?? { kind, units: 0 }
    moved.set(`${sku} ${kind}`, sum)
    sum.units += onHand + inTransit + damaged
  }
  return [...moved].flatMap(([key, { kind, units }]) => {
    const allowed = makes.has(kind) ? units >= 0 : takes.has(kind) ? units <= 0 : kind === 'adjusted' || units === 0
    return allowed ? [] : [`${key}: ${units} units out of nothing`]
  })
}
const makes = new Set(['received', 'returned', 'imported', 'damaged'])
const takes = new Set(['shipped', 'short', 'transfer_lost'])
