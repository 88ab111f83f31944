/** I1: a set-full over acknowledged orders. Each is there in the end; nothing is there that nobody asked for. */
import { type Checker, finding, groupBy } from './checker.ts'

const isPlacing = (does: string): boolean => does === 'place' || does === 'ask again'

export const orders: Checker = ({ entries, final }) => {
  const there = new Set(final.orders.map(({ id }) => id))
  const keyOf = new Map(final.keys.map(({ key, order }) => [order, key]))
  const placements = entries.flatMap((entry) => ('does' in entry && isPlacing(entry.does) ? [entry] : []))
  const asked = new Set(placements.map(({ key }) => key))
  const acknowledged = new Map(placements.flatMap((entry) => (entry.kind === 'ok' ? [[entry.id, entry] as const] : [])))
  const lost = [...acknowledged].filter(([id]) => !there.has(id))
  const found = lost.map(([id, { key, at }]) =>
    finding('I1', `lost: order ${id} was acknowledged for "${key}" at ${at} ms and is not there`),
  )
  for (const [id, { key }] of acknowledged)
    if (there.has(id) && keyOf.get(id) !== key)
      found.push(finding('I1', `order ${id} was acknowledged for "${key}" and belongs to "${keyOf.get(id)}"`))
  for (const id of there) {
    const key = keyOf.get(id)
    if (key === undefined || !asked.has(key))
      found.push(finding('I1', `unexplained: order ${id} under the key "${key}" that nobody sent`))
  }
  for (const { key, order } of final.keys)
    if (!there.has(order)) found.push(finding('I1', `the key "${key}" names order ${order}, which is not there`))
  return [
    ...found,
    ...unheard(
      entries.filter((entry) => 'does' in entry && entry.does === 'place'),
      final,
    ),
  ]
}

/** Who was always refused, and never left without an answer, has no order. */
const unheard = (entries: Parameters<Checker>[0]['entries'], final: Parameters<Checker>[0]['final']) => {
  const byKey = groupBy(
    entries.flatMap((entry) => ('does' in entry ? [entry] : [])),
    ({ key }) => key,
  )
  const kept = new Map(final.keys.map(({ key, order }) => [key, order]))
  return [...byKey].flatMap(([key, told]) => {
    const answered = new Set(told.filter(({ kind }) => kind !== 'invoke').map(({ op }) => op))
    const isRefused = told.every(({ kind, op }) => kind === 'fail' || (kind === 'invoke' && answered.has(op)))
    return isRefused && kept.has(key) ? [finding('I1', `"${key}" was refused each time, and has order ${kept.get(key)}`)] : []
  })
}
