/** Many at once, within bounds. */
import { Fault } from './work.ts'

/** Does something for each of many, so many at once; what fails fails alone. */
export const settleEach = async <Item, Result>(
  items: readonly Item[],
  atOnceMax: number,
  run: (item: Item) => Promise<Result>,
): Promise<(Result | Fault)[]> => {
  const results: (Result | Fault)[] = []
  const waiting = items.entries()
  const hand = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      try {
        results[index] = await run(item)
      } catch (fault) {
        results[index] = new Fault(fault)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, hand))
  return results
}
