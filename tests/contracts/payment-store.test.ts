import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { OrderId } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { LoggedMovement } from '../../src/payments/contract.ts'
import { historicalPayments } from '../../src/payments/history-service.ts'
import { payment } from '../../src/payments/payment.ts'
import { moneyDifferences } from '../../src/payments/store.ts'
import { idAt } from '../../src/platform/ids.ts'
import { Aborted } from '../../src/platform/store/work.ts'
import { type Harness, harnesses, placedOrder } from './payment-harness.ts'

for (const [form, open] of Object.entries(harnesses)) {
  describe(`The payment repository in ${form}`, () => {
    let harness: Harness
    before(async () => {
      harness = await open()
    })
    after(() => harness.close())

    const movement = (paid: string, order: OrderId): LoggedMovement => {
      return { payment: paid, order, kind: 'authorize', amount: 5, currency: 'GBP', at: instant(Date.now()), reference: 'total-5' }
    }

    it('finds payments by order and by reference', async () => {
      const { store, batches } = harness
      const { order, payment: placed } = await placedOrder(harness)
      assert.deepEqual(
        (await store.find('order_id', [order], 10)).map(({ id }) => id),
        [placed.id],
      )
      const ids = await batches.batch((work) => store.idsBy(work, 'reference', [placed.reference ?? '']))
      assert.deepEqual(ids, [placed.id])
    })

    it('logs a movement once', async () => {
      const { store, batches } = harness
      const once = movement(idAt(Date.now()), idAt(Date.now()))
      await batches.batch(async (work) => work.add(store.log([once])))
      await assert.rejects(
        batches.batch(async (work) => work.add(store.log([once]))),
        Aborted,
      )
      assert.deepEqual(await store.movements([once.order]), [once])
    })

    it('remembers a webhook once', async () => {
      const { store, batches } = harness
      const webhook = { provider: 'p', id: 'w1' }
      const remember = () => batches.batch(async (work) => work.add(store.remember([webhook], work.now)))
      await remember()
      await assert.rejects(remember(), Aborted)
      const seen = await batches.batch((work) => store.seen(work, [webhook, { provider: 'p', id: 'w2' }]))
      assert.deepEqual([...seen], ['p\nw1'])
    })

    it('finds a state that says more than the log', async () => {
      const { store, batches } = harness
      const { order, payment: placed } = await placedOrder(harness)
      const clean = (await store.differences()).filter((difference) => difference.payment === placed.id)
      assert.deepEqual(clean, [])
      const stored = (await store.get([placed.id])).get(placed.id)
      assert.ok(stored !== undefined)
      const state = payment.evolve(stored.state, { type: 'PaymentAuthorized', order, amount: 7, reference: 'x' })
      await batches.batch(async (work) => work.add(store.save([{ id: placed.id, version: stored.version, state, events: [] }])))
      const found = (await store.differences()).filter((difference) => difference.payment === placed.id)
      assert.deepEqual(found, [{ payment: placed.id, order, what: 'authorize GBP', logged: 0, stated: 7 }])
    })

    it('takes in history that balances, at its own dates', async () => {
      const { store, batches, records } = harness
      const [id, order] = [idAt(Date.now()), idAt(Date.now())]
      const at = instant(Date.parse('2010-12-01T08:26:00Z'))
      const later = instant(Date.parse('2011-01-05T10:00:00Z'))
      const paid = { id, order, amount: 1530, currency: 'GBP', at, refunds: [{ id: 'C536379', amount: 30, at: later }] }
      await batches.batch(async (work) => work.add(...historicalPayments(records, store, [paid])))
      assert.deepEqual(
        (await store.movements([order])).map((row) => `${row.at} ${row.kind} ${row.amount}`),
        [`${at} authorize 1530`, `${at} capture 1530`, `${later} refund 30`],
      )
      assert.deepEqual(
        (await store.differences()).filter((difference) => difference.payment === id),
        [],
      )
      assert.equal((await harness.events(id)).length, 5)
    })

    // In memory there is no log beside the states that could differ from them.
    if (form !== 'memory') {
      it('finds money in the log that no payment knows', async () => {
        const { store, batches, database } = harness
        const planted = movement(idAt(Date.now()), idAt(Date.now()))
        const refund: LoggedMovement = { ...planted, kind: 'refund', reference: 'r' }
        await batches.batch(async (work) => work.add(store.log([planted, refund])))
        assert.ok(database !== undefined)
        const found = (await moneyDifferences(database)).filter((difference) => difference.payment === planted.payment)
        assert.deepEqual(
          found.map(({ what, logged, stated }) => ({ what, logged, stated })),
          [
            { what: 'authorize GBP', logged: 5, stated: 0 },
            { what: 'refund GBP', logged: 5, stated: 0 },
            { what: 'refunded beyond captured', logged: 5, stated: 0 },
          ],
        )
      })
    }
  })
}
