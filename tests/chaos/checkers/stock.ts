/** I3, I4: in every state that a transaction saw, nothing is sold twice, and units neither appear nor vanish. */
import type { FlowSeen, LevelSeen, Snapshot } from '../history.ts'
import { type Checker, type Found, finding, groupBy } from './checker.ts'

export const oversold: Checker = ({ entries }) =>
  snapshots(entries).flatMap((seen) =>
    seen.levels.flatMap((level) => {
      const { onHand, reserved, inTransit, damaged, held } = level
      const told = (what: string): Found =>
        finding('I3', `${what}: ${where(level, seen)}: ${onHand} on hand, ${reserved} reserved, ${held} held by orders`)
      return [
        ...(onHand < 0 || reserved < 0 || inTransit < 0 || damaged < 0 ? [told('below nothing')] : []),
        ...(reserved > onHand ? [told('oversold')] : []),
        ...(held > onHand ? [told('orders hold more than there is')] : []),
        ...(held !== reserved ? [told('orders do not hold what is reserved')] : []),
      ]
    }),
  )

export const ledger: Checker = ({ entries, final }) => [
  ...snapshots(entries).flatMap((seen) => [...movements(seen), ...conserved(seen)]),
  ...receipts(entries, final),
]

const snapshots = (entries: Parameters<Checker>[0]['entries']): readonly Snapshot[] =>
  entries.flatMap((entry) => (entry.kind === 'snapshot' ? [entry] : []))
const where = ({ sku, place }: LevelSeen, { process, at }: Snapshot): string => `${sku} in ${place} (${process} at ${at} ms)`

const movements = (seen: Snapshot): readonly Found[] =>
  seen.levels.flatMap((level) =>
    (['onHand', 'reserved', 'inTransit', 'damaged'] as const).flatMap((column) =>
      level[column] === level.ledger[column]
        ? []
        : [finding('I4', `${where(level, seen)}: ${column} is ${level[column]}, its movements come to ${level.ledger[column]}`)],
    ),
  )

/** The bank test: what came less what went is what is there, whoever moves it about meanwhile. */
const conserved = (seen: Snapshot): readonly Found[] => {
  const flows = new Map<string, FlowSeen>(seen.flows.map((flow) => [flow.sku, flow]))
  return [...groupBy(seen.levels, ({ sku }) => sku)].flatMap(([sku, levels]) => {
    const there = levels.reduce((sum, { onHand, inTransit, damaged }) => sum + onHand + inTransit + damaged, 0)
    const { cameIn, wentOut } = flows.get(sku) ?? { cameIn: 0, wentOut: 0 }
    return cameIn - wentOut === there
      ? []
      : [finding('I4', `${sku} (${seen.process} at ${seen.at} ms): ${cameIn} came, ${wentOut} went, ${there} are there`)]
  })
}

/** What the supplier was told that it arrived, and nothing else. */
const receipts: (entries: Parameters<Checker>[0]['entries'], final: Parameters<Checker>[0]['final']) => readonly Found[] = (
  entries,
  { received },
) => {
  const asked = entries.flatMap((entry) =>
    'does' in entry && entry.does === 'receive' && entry.units !== undefined ? [{ ...entry, units: entry.units }] : [],
  )
  const bounds = new Map<string, { least: number; most: number }>()
  for (const told of groupBy(asked, ({ key }) => key).values()) {
    const [{ units }] = told as [(typeof asked)[number]]
    const bound = bounds.get(units.sku) ?? { least: 0, most: 0 }
    const answered = new Set(told.filter(({ kind }) => kind === 'fail').map(({ op }) => op))
    if (told.some(({ kind }) => kind === 'ok')) bound.least += units.quantity
    if (told.some(({ kind, op }) => kind === 'invoke' && !answered.has(op))) bound.most += units.quantity
    bounds.set(units.sku, bound)
  }
  const booked = new Map(received.map(({ sku, units }) => [sku, units]))
  return [...new Set([...bounds.keys(), ...booked.keys()])].flatMap((sku) => {
    const { least, most } = bounds.get(sku) ?? { least: 0, most: 0 }
    const units = booked.get(sku) ?? 0
    return units >= least && units <= most
      ? []
      : [finding('I4', `${sku}: ${units} units were booked in; acknowledged were ${least}, asked for ${most}`)]
  })
}
