/** Orders and stock together, wholly in memory and on PostgreSQL: placed, cancelled, run out, paid too late; nothing is lost. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, OrderId } from '../../src/kernel/ids.ts'
import { addSeconds } from '../../src/kernel/time.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import type { PlaceAsked, PlaceOutcome } from '../../src/orders/placement-service.ts'
import { Reaper } from '../../src/orders/expiry-service.ts'
import { silentLog } from '../../src/platform/log.ts'
import { asked, freshKey, type Heart, hearts, holdingOf, leeds, line, sku, stocked, york } from '../support/heart.ts'

const origin = { actor: 'test' }
/** In memory; on a database, whose clock nobody holds, a reservation is over at once. */
const lastingSeconds = 60
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

for (const [form, open] of Object.entries(hearts)) {
  describe(`The heart in ${form}`, () => {
    let on: Heart
    let product: string
    let products = 0
    before(async () => {
      on = await open()
    })
    after(() => on.close())
    beforeEach(() => {
      product = `mug ${++products}`
    })

    const place = (lines: readonly PlacedLine[], more: Partial<PlaceAsked> = {}) => on.placement.place(asked(lines, more))
    const placed = async (lines: readonly PlacedLine[], more: Partial<PlaceAsked> = {}) => {
      const outcome = await place(lines, more)
      assert.ok(!isRefusal(outcome), JSON.stringify(outcome))
      return outcome
    }
    const level = async (name = product) => {
      const rows = await on.stockStore.readLevels([sku(name)])
      return { onHand: sum(rows.map((row) => row.onHand)), reserved: sum(rows.map((row) => row.reserved)) }
    }
    const heldBy = async (order: OrderId) =>
      (await holdingOf(on, order)).map(({ quantity, state, place }) => `${quantity}${state} ${place}`)
    const read = async (id: OrderId) => {
      const found = (await on.orderStore.get([id])).get(id)
      assert.ok(found?.state.status === 'live')
      return found.state
    }
    /** Its reservation's time is over: the memory form's clock goes on, the database's order is made old. */
    const runsOut = async (id: OrderId): Promise<void> => {
      if (on.form === 'memory') on.clock.now = addSeconds(on.clock.now, 120)
      await on.orders.handle({ id, command: { do: 'expire' }, origin })
    }
    const lasting = form === 'memory' ? lastingSeconds : 0
    const outcomes = (all: readonly PlaceOutcome[]) => ({
      placed: all.filter((one) => !isRefusal(one)).length,
      refused: all.filter((one) => isRefusal(one) && one.refused === 'insufficient_stock').length,
    })

    it('sells the last unit once', async () => {
      await stocked(on, product, leeds, 10)
      const all = await Promise.all(Array.from({ length: 40 }, () => place([line(product, 1)], { key: freshKey() })))
      assert.deepEqual(outcomes(all), { placed: 10, refused: 30 })
      assert.deepEqual(await level(), { onHand: 10, reserved: 10 })
    })

    it('sells baskets whole or not at all', async () => {
      const other = `${product} too`
      await stocked(on, product, leeds, 10)
      await stocked(on, other, york, 6)
      const all = await Promise.all(Array.from({ length: 30 }, () => place([line(product, 1), line(other, 1)])))
      assert.deepEqual(outcomes(all), { placed: 6, refused: 24 })
      assert.deepEqual(
        [await level(), await level(other)],
        [
          { onHand: 10, reserved: 6 },
          { onHand: 6, reserved: 6 },
        ],
      )
    })

    it('never counts a unit for two lines of one order', async () => {
      await stocked(on, product, leeds, 5)
      assert.ok(isRefusal(await place([line(product, 3), line(product, 3)])))
      const { id } = await placed([line(product, 3), line(product, 2)])
      assert.deepEqual(await heldBy(id), ['3r leeds', '2r leeds'])
    })

    it('answers a repeated key with the same order, also in one batch, and another body with a refusal', async () => {
      await stocked(on, product, leeds, 10)
      const key = freshKey()
      const twice = await Promise.all([placed([line(product, 1)], { key }), placed([line(product, 1)], { key })])
      const again = await placed([line(product, 1)], { key })
      assert.equal(new Set([...twice, again].map(({ id }) => id)).size, 1)
      assert.deepEqual(
        [...twice, again].map(({ replayed }) => replayed),
        [false, true, true],
      )
      const other = await place([line(product, 2)], { key: { ...key, hash: 'other' } })
      assert.ok(isRefusal(other) && other.refused === 'idempotency_key_reused')
      assert.deepEqual(await level(), { onHand: 10, reserved: 1 })
    })

    it('keeps nothing of a refusal: the key may be used again when there is stock', async () => {
      await stocked(on, product, leeds, 1)
      const key = freshKey()
      assert.ok(isRefusal(await place([line(product, 2)], { key })))
      await stocked(on, product, leeds, 1)
      assert.equal((await placed([line(product, 2)], { key })).replayed, false)
    })

    it('gives every order a number of its own, one after the other and together', async () => {
      await stocked(on, product, leeds, 9)
      const orders = [await placed([line(product, 1)]), await placed([line(product, 1)])]
      orders.push(...(await Promise.all([1, 2, 3].map(() => placed([line(product, 1)])))))
      const numbers = orders.map(({ order }) => order.placed.number)
      assert.equal(new Set(numbers).size, numbers.length, numbers.join(', '))
    })

    it('uses an outside id once', async () => {
      await stocked(on, product, leeds, 5)
      const externalRef = `ref ${product}`
      const { draft } = asked([line(product, 1)])
      const both = await Promise.all([1, 2].map(() => on.placement.place({ draft: { ...draft, externalRef }, origin })))
      assert.equal(both.filter((one) => isRefusal(one) && one.refused === 'external_ref_taken').length, 1)
      assert.deepEqual(await level(), { onHand: 5, reserved: 1 })
    })

    it('cancels a sold-out line and sells the rest, or cancels the order where nothing is left', async () => {
      await stocked(on, product, leeds, 1)
      const other = `${product} too`
      await stocked(on, other, leeds, 5)
      const { order } = await placed([line(product, 2, { ifShort: 'cancelLine' }), line(other, 2)])
      assert.deepEqual(
        [order.progress.counters.current, order.progress.counters.cancelled, order.progress.totals.total],
        [[0, 2], [2, 0], 200],
      )
      const nothing = await placed([line(product, 2, { ifShort: 'cancelLine' })])
      assert.equal(nothing.order.progress.status, 'cancelled')
      assert.deepEqual(
        [await level(), await level(other)],
        [
          { onHand: 1, reserved: 0 },
          { onHand: 5, reserved: 2 },
        ],
      )
    })

    it('lets only the order fail whose handling is broken', async () => {
      await stocked(on, product, leeds, 10)
      const broken: PlacedLine = Object.defineProperty({ ...line(product, 1) }, 'ifShort', {
        get: () => assert.fail('a bug'),
      })
      const all = await Promise.allSettled([place([line(product, 1)]), place([broken]), place([line(product, 1)])])
      assert.deepEqual(
        all.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      assert.deepEqual(await level(), { onHand: 10, reserved: 2 })
    })

    it('lets only the order fail that cannot be saved', async () => {
      await stocked(on, product, leeds, 10)
      // No text of PostgreSQL's holds a NUL; memory does not mind.
      const good = asked([line(product, 1)])
      const bad = { ...good, draft: { ...good.draft, currency: 'G\0P' } }
      const all = await Promise.allSettled([place([line(product, 1)]), on.placement.place(bad), place([line(product, 1)])])
      assert.deepEqual(
        all.map(({ status }) => status),
        ['fulfilled', on.form === 'memory' ? 'fulfilled' : 'rejected', 'fulfilled'],
      )
    })

    it('gives back what is cancelled: units, then the rest, and once', async () => {
      await stocked(on, product, leeds, 5)
      const { id } = await placed([line(product, 5)])
      const cancel = (lines?: readonly { line: number; quantity: number }[]) =>
        on.orders.handle({
          id,
          origin,
          command: { do: 'cancel', reason: 'r', by: 'ann', refund: 'auto', ...(lines === undefined ? {} : { lines }) },
        })
      await cancel([{ line: 0, quantity: 2 }])
      assert.deepEqual([await level(), await heldBy(id)], [{ onHand: 5, reserved: 3 }, ['3r leeds']])
      const both = await Promise.all([cancel(), cancel()])
      assert.deepEqual(
        both.map((one) => !isRefusal(one) && one.events.length > 0),
        [true, false],
      )
      assert.deepEqual([await level(), await heldBy(id)], [{ onHand: 5, reserved: 0 }, []])
      assert.ok(!isRefusal(await place([line(product, 5)])))
    })

    it('decides a command on a stale version by refusing it', async () => {
      await stocked(on, product, leeds, 5)
      const { id, version } = await placed([line(product, 1)])
      const hold = (expected: number, hold: string) =>
        on.orders.handle({ id, origin, expected, command: { do: 'hold', hold, kind: 'fraud', blocks: 'release', by: 'ann' } })
      const both = await Promise.all([hold(version, 'a'), hold(version, 'b')])
      assert.deepEqual(
        both.map((one) => (isRefusal(one) ? one.refused : 'done')),
        ['done', 'version_mismatch'],
      )
    })

    describe('when a reservation runs out', () => {
      const timed = { reservedSeconds: lasting }
      const pays = (id: OrderId, step: 'captured' | 'authorized' | 'failed', amount: number, payment = 'pay') =>
        on.orders.handle({ id, origin, command: { do: 'recordMoney', payment, step, amount } })

      it('sells its stock to the next customer', async () => {
        await stocked(on, product, leeds, 2)
        const { id } = await placed([line(product, 2)], timed)
        assert.ok(isRefusal(await place([line(product, 1)])))
        await runsOut(id)
        assert.equal((await read(id)).progress.phase, 'expired')
        assert.ok(!isRefusal(await place([line(product, 2)])))
      })

      it('is found by the reaper, once', async () => {
        await stocked(on, product, leeds, 2)
        const { id } = await placed([line(product, 2)], timed)
        if (on.form === 'memory') on.clock.now = addSeconds(on.clock.now, 120)
        const reaper = new Reaper(on.orders, on.orderStore, silentLog)
        await Promise.all([reaper.round(), reaper.round()])
        assert.deepEqual([(await read(id)).progress.phase, await level()], ['expired', { onHand: 2, reserved: 0 }])
        assert.equal(await reaper.round(), 0)
      })

      it('is left alone when it is paid', async () => {
        await stocked(on, product, leeds, 2)
        const { id, order } = await placed([line(product, 2)], timed)
        await pays(id, 'captured', order.progress.totals.total)
        await runsOut(id)
        assert.equal((await read(id)).progress.status, 'paid')
        await pays(id, 'failed', 0)
        assert.deepEqual([(await read(id)).progress.status, await level()], ['paid', { onHand: 2, reserved: 2 }])
      })

      it('is had again by a payment that comes too late, while there is stock', async () => {
        await stocked(on, product, leeds, 2)
        const { id, order } = await placed([line(product, 2)], timed)
        await runsOut(id)
        await pays(id, 'captured', order.progress.totals.total)
        const { progress } = await read(id)
        assert.deepEqual([progress.phase, progress.status, progress.counters.reserved], ['open', 'paid', [2]])
        assert.deepEqual([await level(), await heldBy(id)], [{ onHand: 2, reserved: 2 }, ['2r leeds']])
      })

      it('comes back without what was cancelled before', async () => {
        const other = `${product} too`
        await stocked(on, product, leeds, 2)
        await stocked(on, other, leeds, 1)
        const { id } = await placed([line(product, 2), line(other, 1)], timed)
        const lines = [{ line: 1, quantity: 1 }]
        await on.orders.handle({ id, origin, command: { do: 'cancel', reason: 'r', by: 'ann', refund: 'auto', lines } })
        await runsOut(id)
        await pays(id, 'captured', 200)
        const { progress } = await read(id)
        assert.deepEqual([progress.status, progress.counters.current, progress.totals.total], ['paid', [2, 0], 200])
        assert.deepEqual(
          [await level(), await level(other)],
          [
            { onHand: 2, reserved: 2 },
            { onHand: 1, reserved: 0 },
          ],
        )
      })

      it('is not had again when its stock was sold: the money goes back', async () => {
        await stocked(on, product, leeds, 2)
        const { id, order } = await placed([line(product, 2)], timed)
        await runsOut(id)
        await placed([line(product, 1)])
        const answer = await pays(id, 'captured', order.progress.totals.total)
        assert.ok(!isRefusal(answer))
        assert.deepEqual(
          answer.events.map(({ type }) => type),
          ['MoneyRecorded', 'ReopenRefused'],
        )
        await stocked(on, product, leeds, 5)
        await pays(id, 'captured', order.progress.totals.total, 'again')
        assert.deepEqual([(await read(id)).progress.phase, await level()], ['expired', { onHand: 7, reserved: 1 }])
      })
    })

    describe('when units are waited for', () => {
      const expect = (quantity: number) =>
        on.inventory.handle({
          command: { do: 'expect', sku: sku(product), place: leeds, day: '2027-01-01' as Day, quantity, kind: 'purchase' },
          origin,
        })
      const known = () => stocked(on, product, leeds, 1)
      const waitsFor = (quantity: number) => placed([line(product, quantity, { ifShort: 'backorder' })])

      it('hands out what comes in the order in which it was asked for, and never past the head of the queue', async () => {
        await known()
        const answer = await expect(10)
        assert.ok(!isRefusal(answer) && answer.supply !== undefined)
        const ids: OrderId[] = []
        for (const quantity of [4, 3, 2]) {
          if (on.form === 'memory') on.clock.now = addSeconds(on.clock.now, 1)
          ids.push((await waitsFor(quantity)).id)
        }
        assert.ok(isRefusal(await place([line(product, 3, { ifShort: 'backorder' })])), 'supply was promised twice')
        const receive = (quantity: number) =>
          on.inventory.handle({ command: { do: 'receiveSupply', supply: answer.supply?.id ?? '', quantity }, origin })
        const held = async () => Promise.all(ids.map(async (id) => (await heldBy(id)).sort().join(', ')))
        assert.deepEqual(await held(), ['1r leeds, 3w leeds', '3w leeds', '2w leeds'])
        await receive(4)
        assert.deepEqual(await held(), ['1r leeds, 3r leeds', '1r leeds, 2w leeds', '2w leeds'])
        await receive(6)
        assert.deepEqual(await held(), ['1r leeds, 3r leeds', '1r leeds, 2r leeds', '2r leeds'])
        assert.deepEqual(await level(), { onHand: 11, reserved: 9 })
      })

      it('gives the next in the queue what is cancelled', async () => {
        await known()
        await expect(5)
        const first = await waitsFor(1)
        if (on.form === 'memory') on.clock.now = addSeconds(on.clock.now, 1)
        const second = await waitsFor(2)
        await on.orders.handle({ id: first.id, origin, command: { do: 'cancel', reason: 'r', by: 'ann', refund: 'auto' } })
        assert.deepEqual(await heldBy(second.id), ['1w leeds', '1r leeds'])
      })
    })
  })
}
