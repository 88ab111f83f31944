/** The answer of `waybill simulate` in tables for people. Pure. */
import type { PolicyDifference, PolicyFigures } from '../insights/simulation-figures.ts'
import type { SimulationAnswer } from '../insights/simulation-job.ts'

const grouped = (count: number): string => count.toLocaleString('en')
const money = (cents: number): string => (cents / 100).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const signed = (cents: number): string => `${cents > 0 ? '+' : ''}${money(cents)}`
const fixed = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits))
const percent = (rate: number | null): string => fixed(rate === null ? null : rate * 100, 1)

/** Names on the left, numbers aligned on the right. */
const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const aligned = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => `  ${row.map(aligned).join('  ')}`)
}

const figuresTable = (policies: readonly PolicyFigures[]): readonly string[] =>
  table([
    ['policy', 'cost', 'an order', 'parcels', 'split %', 'transfers', 'days', 'late %', 'unfilled', 'optimal %'],
    ...policies.map((each) => [
      each.policy,
      money(each.cost.total),
      each.cost.perOrder === null ? '–' : money(each.cost.perOrder),
      fixed(each.parcelsPerOrder, 3),
      percent(each.splitRate),
      fixed(each.transfersPerOrder, 3),
      fixed(each.averageDays, 2),
      percent(each.lateRate),
      grouped(each.units.unfilled),
      percent(each.optimalRate),
    ]),
  ])

const differencesTable = (differences: readonly PolicyDifference[]): readonly string[] =>
  table([
    ['less the first', 'cost', 'parcels', 'transfers', 'unfilled', 'cheaper', 'same', 'dearer', 'alike', 'cost of these'],
    ...differences.map((each) => [
      each.policy,
      signed(each.cost),
      grouped(each.parcels),
      grouped(each.transfers),
      grouped(each.unfilled),
      grouped(each.cheaper),
      grouped(each.same),
      grouped(each.dearer),
      grouped(each.alike.orders),
      signed(each.alike.cost),
    ]),
  ])

const loadTable = (policies: readonly PolicyFigures[], warehouses: readonly string[]): readonly string[] =>
  table([
    ['parcels from, %', ...warehouses],
    ...policies.map(({ policy, load, parcels }) => [
      policy,
      ...load.map((place) => percent(parcels === 0 ? null : place.parcels / parcels)),
    ]),
  ])

export const wordsOf = (answer: SimulationAnswer): readonly string[] => {
  const { orders, policies, differences, withoutUnits, warehouses, from, to } = answer
  const [first] = policies
  const left = withoutUnits === 0 ? '' : `; ${grouped(withoutUnits)} more had nothing to send`
  return [
    `${grouped(orders)} orders of ${from.slice(0, 10)} to ${to.slice(0, 10)}, ${grouped(first?.units.asked ?? 0)} units${left}`,
    `Network: ${answer.network}. Stock: ${answer.stock}.`,
    '',
    ...figuresTable(policies),
    '',
    ...(differences.length === 0 ? [] : [...differencesTable(differences), '']),
    ...loadTable(policies, warehouses),
    '',
    'Cost is money paid, whatever a policy weighs. Cost, parcels, transfers and days are an order that is sent; unfilled are units.',
    ...(differences.length === 0
      ? []
      : ['Alike are orders of which both send as many units: only their costs compare like with like.']),
  ]
}
