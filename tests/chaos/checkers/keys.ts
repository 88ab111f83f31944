/** I2: one effect for each key, however often, at once, or with whatever body it was sent. */
import type { Succeeded } from '../history.ts'
import { type Checker, finding, groupBy } from './checker.ts'

export const keys: Checker = ({ entries, final }) => {
  const told = entries.flatMap((entry) => ('does' in entry ? [entry] : []))
  const found = [...groupBy(told, ({ does, key }) => `${does === 'ask again' ? 'place' : does} ${key}`)].flatMap(([, group]) => {
    const done = group.flatMap((entry) => (entry.kind === 'ok' && entry.id !== '' ? [entry] : []))
    return [...sameEffect(done), ...sameBody(done), ...replayed(group, done)]
  })
  for (const [key, made] of groupBy(final.keys, ({ key }) => key))
    if (new Set(made.map(({ order }) => order)).size > 1)
      found.push(finding('I2', `doubled: the key "${key}" made ${made.map(({ order }) => order).join(' and ')}`))
  for (const [order, made] of groupBy(final.keys, ({ order }) => order))
    if (made.length > 1) found.push(finding('I2', `order ${order} has the keys ${made.map(({ key }) => key).join(' and ')}`))
  const withKey = new Set(final.keys.map(({ order }) => order))
  for (const { id } of final.orders)
    if (!withKey.has(id)) found.push(finding('I2', `order ${id} has no key: another may be made for it`))
  return found
}

const sameEffect = (done: readonly Succeeded[]) => {
  const ids = [...new Set(done.map(({ id }) => id))]
  const [first] = done
  return ids.length > 1 && first !== undefined
    ? [finding('I2', `doubled: "${first.key}" was answered with ${ids.join(' and ')}`)]
    : []
}

/** The first body that was taken is the key's for ever. */
const sameBody = (done: readonly Succeeded[]) => {
  const bodies = new Set(done.map(({ says }) => says))
  const [first] = done
  return bodies.size > 1 && first !== undefined
    ? [finding('I2', `"${first.key}" was taken with ${bodies.size} different bodies`)]
    : []
}

/** Orders only say so: an answer to who asked after another had been answered is a replay. */
const replayed = (group: readonly Readonly<{ kind: string; op: number; at: number }>[], done: readonly Succeeded[]) => {
  const asked = new Map(group.flatMap(({ kind, op, at }) => (kind === 'invoke' ? [[op, at] as const] : [])))
  const places = done.filter(({ does }) => does === 'place' || does === 'ask again')
  const first = Math.min(...places.map(({ at }) => at))
  return places.flatMap(({ op, key, id, replayed }) =>
    !replayed && (asked.get(op) ?? -Infinity) > first
      ? [finding('I2', `"${key}" was made again: ${id} was said to be new after it had been acknowledged`)]
      : [],
  )
}
