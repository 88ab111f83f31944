/** The memory form of fulfilment's repositories: for tests and for the simulation. */
import { type Found, MemoryStreams } from '../platform/streams/store.ts'
import {
  cancelledTable,
  earlyTable,
  type FulfilmentFilter,
  type FulfilmentRepository,
  type FulfilmentStores,
  fulfilmentTable,
  type Page,
  type TransferFilter,
  type TransferRepository,
  transferTable,
} from './store.ts'
import { isRequested, type Transfer } from './transfer.ts'
import { type FulfilmentOrder, isLive } from './work.ts'

const paged = <State>(
  rows: MemoryStreams<State>['rows'],
  { limit, after }: Page,
  fits: (state: State) => boolean,
): Found<State>[] =>
  [...rows]
    .map(([id, stored]) => ({ id, ...stored }))
    .filter(({ id, state }) => (after === undefined || id < after) && fits(state))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)

class MemoryFulfilments extends MemoryStreams<FulfilmentOrder> implements FulfilmentRepository {
  constructor() {
    super(fulfilmentTable)
  }
  list({ places, statuses, order }: FulfilmentFilter, page: Page): Promise<readonly Found<FulfilmentOrder>[]> {
    return Promise.resolve(
      paged(
        this.rows,
        page,
        (state) =>
          isLive(state) &&
          (places === undefined || places.includes(state.place)) &&
          (statuses === undefined || statuses.includes(state.status)) &&
          (order === undefined || state.order === order),
      ),
    )
  }
}

class MemoryTransfers extends MemoryStreams<Transfer> implements TransferRepository {
  constructor() {
    super(transferTable)
  }
  list({ place, statuses, order }: TransferFilter, page: Page): Promise<readonly Found<Transfer>[]> {
    return Promise.resolve(
      paged(
        this.rows,
        page,
        (state) =>
          isRequested(state) &&
          (place === undefined || state.from === place || state.to === place) &&
          (statuses === undefined || statuses.includes(state.status)) &&
          (order === undefined || state.order === order),
      ),
    )
  }
}

export const memoryFulfilmentStores = (): FulfilmentStores => ({
  fulfilments: new MemoryFulfilments(),
  transfers: new MemoryTransfers(),
  early: new MemoryStreams(earlyTable),
  cancelled: new MemoryStreams(cancelledTable),
})
