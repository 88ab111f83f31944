/** Reading orders: single reads that arrive together share one statement. */
import type { OrderId, PersonRef } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { gatheredById } from '../platform/store/gather.ts'
import type { Person, Records } from '../platform/records/records.ts'
import type { OrderFacts, OrderQueries } from './contract.ts'
import { coverOf } from './derive.ts'
import type { Live } from './order.ts'
import type { OrderRepository, StoredOrder } from './store.ts'

export type OrderRead = Readonly<{
  id: OrderId
  version: number
  order: Live
  updatedAt: StoredOrder['updatedAt']
  person: Person | undefined
}>

/** PERFORMANCE §4: 64 ids a query cost a sixth of 64 queries. */
const readLimits = { itemsMax: 64, inFlightMax: 2, waitingMax: 10_000 } as const

export class OrderReads implements OrderQueries {
  readonly #repository: OrderRepository
  readonly #records: Records
  readonly #together: (id: OrderId) => Promise<OrderRead | undefined>
  readonly facts: (ids: readonly OrderId[]) => Promise<ReadonlyMap<OrderId, OrderFacts>>

  constructor(repository: OrderRepository, records: Records) {
    this.#repository = repository
    this.#records = records
    this.#together = microBatch('orders.read', (ids: readonly OrderId[]) => this.many(ids), readLimits)
    this.facts = gatheredById('order facts', (ids: readonly OrderId[]) => this.#readFacts(ids))
  }

  one(id: OrderId): Promise<OrderRead | undefined> {
    return this.#together(id)
  }

  async many(ids: readonly OrderId[]): Promise<readonly (OrderRead | undefined)[]> {
    const found = await this.#repository.get([...new Set(ids)])
    const refs = [...found.values()].flatMap(({ state }): PersonRef[] =>
      state.status === 'live' && state.progress.contact !== undefined ? [state.progress.contact] : [],
    )
    const people = await this.#records.people(refs)
    return ids.map((id): OrderRead | undefined => {
      const stored = found.get(id)
      if (stored?.state.status !== 'live') return undefined
      const { contact } = stored.state.progress
      return {
        id,
        version: stored.version,
        order: stored.state,
        updatedAt: stored.updatedAt,
        person: contact === undefined ? undefined : people.get(contact),
      }
    })
  }

  async #readFacts(ids: readonly OrderId[]): Promise<ReadonlyMap<OrderId, OrderFacts>> {
    const found = await this.#repository.get(ids)
    const facts = new Map<OrderId, OrderFacts>()
    for (const [id, { state }] of found) {
      if (state.status !== 'live') continue
      const { placed, progress } = state
      facts.set(id, {
        id,
        number: placed.number,
        status: progress.status,
        currency: placed.currency,
        due: Math.max(0, progress.totals.total - coverOf(progress)),
        secured: progress.secured,
        ...(placed.user === undefined ? {} : { user: placed.user }),
        ...(progress.contact === undefined ? {} : { contact: progress.contact }),
      })
    }
    return facts
  }
}
