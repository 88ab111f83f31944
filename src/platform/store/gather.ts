/**
 * Reads by id that arrive together share one statement: what handles tasks or requests one by one asks for one row each,
 * and 64 rows a query cost a sixth of 64 queries (PERFORMANCE §4).
 */
import { microBatch } from '../../kernel/micro-batch.ts'

/** As many as a worker claims at once, so that what its tasks ask for together stays together. */
const limits = { itemsMax: 256, inFlightMax: 2, waitingMax: 20_000 } as const

export const gatheredById = <Row, Id extends string = string>(
  name: string,
  read: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, Row>>,
): ((ids: readonly Id[]) => Promise<Map<Id, Row>>) => {
  const together = microBatch(
    name,
    async (asked: readonly (readonly Id[])[]) => {
      const found = await read([...new Set(asked.flat())])
      return asked.map((ids) => {
        const mine = new Map<Id, Row>()
        for (const id of ids) {
          const row = found.get(id)
          if (row !== undefined) mine.set(id, row)
        }
        return mine
      })
    },
    limits,
  )
  return (ids) => (ids.length === 0 ? Promise.resolve(new Map<Id, Row>()) : together(ids))
}

/** The same for small writes that belong to nobody's batch: those that arrive together are one statement and one commit. */
export const gathered = <Item, Result = void>(
  name: string,
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): ((item: Item) => Promise<Result>) => microBatch(name, run, limits)
