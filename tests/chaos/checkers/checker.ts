/** What a checker is: a function over the evidence that says which promise did not hold, and shows it. */
import type { Evidence } from '../evidence.ts'

export type Found = Readonly<{ invariant: string; told: string }>
export type Checker = (evidence: Evidence) => readonly Found[]

/** Groups what belongs together, in the order in which it came. */
export const groupBy = <Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> => {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

export const finding = (invariant: string, told: string): Found => ({ invariant, told })
