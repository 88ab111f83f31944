/** Mutants that only show where two operations meet: pairs of the interleavings, on PostgreSQL. */
import type { Catcher, Mutant } from './mutant.ts'

const byPair = (pair: string, count = 60): Catcher => ({
  kind: 'command',
  file: 'tests/mutants/raced.ts',
  args: ['--pair', pair, '--count', String(count)],
})

export const interleavingMutants: readonly Mutant[] = [
  {
    name: 'two attempts to pay at once',
    invariant: 'I6',
    file: 'src/payments/store.ts',
    find: 'if (orders.length > 0) await sql(work).query(holdStartsStatement, [orders])',
    replace: 'if (orders.length > 1_000) await sql(work).query(holdStartsStatement, [orders])',
    catchedBy: byPair('attempt/attempt'),
  },
  {
    name: 'a repeated command refused while the first is saved',
    invariant: 'I2',
    file: 'src/platform/streams/service.ts',
    find: 'if (refused.length > 0 && (await records.claimed(work, refused)).size > 0)',
    replace: 'if (refused.length > 1_000 && (await records.claimed(work, refused)).size > 0)',
    catchedBy: byPair('refund/refund, one key'),
  },
  {
    name: 'levels read without a lock',
    invariant: 'I4',
    file: 'src/inventory/store.ts',
    find: 'where sku = any($1::text[]) order by sku, place for update`',
    replace: 'where sku = any($1::text[]) order by sku, place`',
    catchedBy: byPair('count/count'),
    beforehand: true,
  },
]
