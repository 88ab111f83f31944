/** Histories that earlier releases wrote, one a line, fold today to the states they had then. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Decider } from '../../src/kernel/decider.ts'
import type { Fact } from '../../src/kernel/event.ts'
import { unpackProgress } from '../../src/orders/codec.ts'
import type { OrderEvent } from '../../src/orders/contract.ts'
import { evolve } from '../../src/orders/evolve.ts'
import { type Order, unplaced } from '../../src/orders/order.ts'
import { envelopeOf } from '../../src/platform/bus/journal.ts'
import { streamTables } from '../../src/shop-tables.ts'

type Kept = Readonly<{
  table: string
  id: string
  version: number
  state: Record<string, unknown>
  events: readonly Parameters<typeof envelopeOf>[0][]
}>

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const foldOrder = ({ events, state }: Kept): readonly [unknown, unknown] => {
  const order = events.map((row) => envelopeOf(row).event as OrderEvent).reduce<Order>(evolve, unplaced)
  if (order.status !== 'live') assert.fail('an order was placed')
  return [plain(order.progress), plain(unpackProgress(state, order.placed))]
}

const foldStream = ({ table, events, state }: Kept): readonly [unknown, unknown] => {
  const known = streamTables.find((one) => one.table === table)
  if (known === undefined) assert.fail(`${table} is no table of streams any more`)
  const decider = known.decider as Decider<unknown, Fact, unknown, string>
  return [plain(events.map((row) => envelopeOf(row).event).reduce(decider.evolve, decider.initial)), state]
}

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ndjson'))) {
  const kept = readFileSync(join(import.meta.dirname, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Kept)
  describe(`Histories of release ${file.replace('.ndjson', '')}`, () => {
    for (const [index, history] of kept.entries()) {
      it(`fold as they did: ${history.table}, ${history.version} events (${index + 1})`, () => {
        assert.equal(history.events.length, history.version)
        const [folded, stored] = history.table === 'orders.orders' ? foldOrder(history) : foldStream(history)
        assert.deepEqual(folded, stored)
      })
    }
    it('would notice a change of how an event counts', () => {
      const paid = kept.find(
        ({ table, events }) => table === 'orders.orders' && events.some(({ type }) => type === 'MoneyRecorded'),
      )
      if (paid === undefined) assert.fail('no paid order was kept')
      const events = paid.events.filter(({ type }) => type !== 'MoneyRecorded')
      const [folded, stored] = foldOrder({ ...paid, events })
      assert.notDeepEqual(folded, stored)
    })
  })
}
