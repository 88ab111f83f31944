/** The returns' repository, on PostgreSQL and in memory: one stream and one state row each. */
import type { Database } from '../platform/postgres/database.ts'
import { MemoryStreams, PostgresStreams, type StreamStore, type StreamTable } from '../platform/streams/store.ts'
import { isKnown, type Return } from './return.ts'

export type ReturnRepository = StreamStore<Return>

const returnsTable: StreamTable<Return> = {
  table: 'returns.returns',
  columns: {
    order_id: { type: 'uuid', of: (state) => (isKnown(state) ? state.order : null) },
    status: { type: 'text', of: ({ status }) => status },
  },
}

export const postgresReturns = (database: Database): ReturnRepository => new PostgresStreams(database, returnsTable)
export const memoryReturns = (): ReturnRepository => new MemoryStreams(returnsTable)
