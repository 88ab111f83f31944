/** Announced supply and those who wait for it, without HTTP: what is told to whom when it moves, on both stores. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, OrderId } from '../../src/kernel/ids.ts'
import { addDays, addSeconds, dayIn } from '../../src/kernel/time.ts'
import type { InventoryEvent } from '../../src/inventory/contract.ts'
import type { StockCommand } from '../../src/inventory/service.ts'
import { asked, type Heart, hearts, holdingOf, leeds, line, sku, stocked, york } from '../support/heart.ts'

const origin = { actor: 'test' }

for (const [form, open] of Object.entries(hearts)) {
  describe(`Supply in ${form}`, () => {
    let on: Heart
    let product: string
    let products = 0
    before(async () => {
      on = await open()
    })
    after(() => on.close())
    beforeEach(async () => {
      product = `late ${++products}`
      await stocked(on, product, leeds, 1)
    })

    const inDays = (days: number): Day => addDays(dayIn('UTC', on.clock.now), days)
    const does = async (command: StockCommand) => {
      if (on.form === 'memory') on.clock.now = addSeconds(on.clock.now, 1)
      const outcome = await on.inventory.handle({ command, origin })
      assert.ok(!isRefusal(outcome), JSON.stringify(outcome))
      return outcome.supply?.id ?? ''
    }
    const announced = (quantity: number, days: number, place = leeds, name = product): Promise<string> =>
      does({ do: 'expect', sku: sku(name), place, day: inDays(days), quantity, kind: 'purchase' })
    const waits = async (quantity: number): Promise<OrderId> => {
      if (on.form === 'memory') on.clock.now = addSeconds(on.clock.now, 1)
      const outcome = await on.placement.place(asked([line(product, quantity, { ifShort: 'backorder' })]))
      assert.ok(!isRefusal(outcome), JSON.stringify(outcome))
      return outcome.id
    }
    const queue = () => on.stockStore.readWaiting([sku(product)])
    const days = async () => (await queue()).map(({ expected, lost = 0 }) => [expected, lost])

    it('keeps what was promised, and follows what is expected', async () => {
      const lot = await announced(6, 5)
      await waits(1)
      await waits(2)
      await waits(2)
      await does({ do: 'changeSupply', supply: lot, day: inDays(9) })
      assert.deepEqual(
        (await queue()).map(({ promised, expected }) => [promised, expected]),
        [
          [inDays(5), inDays(9)],
          [inDays(5), inDays(9)],
        ],
      )
    })

    it('is taken from those at the end of the queue when it is less', async () => {
      await waits(1)
      const lot = await announced(6, 5)
      for (const quantity of [3, 2, 1]) await waits(quantity)
      await does({ do: 'changeSupply', supply: lot, quantity: 4 })
      assert.deepEqual(await days(), [
        [inDays(5), 0],
        [inDays(5), 1],
        [inDays(5), 1],
      ])
      await does({ do: 'changeSupply', supply: lot, quantity: 0 })
      assert.deepEqual(
        (await days()).map(([, lost]) => lost),
        [3, 2, 1],
      )
      // Whatever comes next is theirs, in their order.
      await announced(5, 8)
      assert.deepEqual(
        (await days()).map(([expected, lost]) => [expected, lost]),
        [
          [inDays(8), 0],
          [inDays(8), 0],
          [inDays(5), 1],
        ],
      )
    })

    it('that is overdue is expected as late as what came before it was, and nobody is promised it today', async () => {
      await waits(1)
      await announced(2, -3)
      const first = await waits(2)
      assert.deepEqual(await days(), [[inDays(1), 0]])
      await on.inventory.handle({ command: { do: 'review', sku: sku(product) }, origin })
      assert.deepEqual(await days(), [[inDays(1), 0]])
      // Another product’s came four days after its day.
      const other = `${product} too`
      await stocked(on, other, leeds, 1)
      await does({ do: 'receiveSupply', supply: await announced(1, -4, leeds, other), quantity: 1 })
      await on.inventory.handle({ command: { do: 'review', sku: sku(product) }, origin })
      assert.deepEqual(await days(), [[inDays(4), 0]])
      assert.equal((await holdingOf(on, first))[0]?.state, 'w')
    })

    it('at another place serves those who have it sooner so, and first those who wait there', async () => {
      await waits(1)
      await announced(2, 1)
      const near = await waits(2)
      await announced(2, 9)
      const far = await waits(2)
      await stocked(on, product, york, 3)
      const held = async (order: OrderId) =>
        (await holdingOf(on, order)).map(({ quantity, state, place }) => `${quantity}${state} ${place}`)
      // A day on the road is no gain for whoever has his tomorrow.
      assert.deepEqual([await held(near), await held(far)], [['2w leeds'], ['2r york']])
    })

    it('is looked for where somebody waits since a day that is over', async () => {
      await waits(1)
      await announced(2, -3)
      const order = await waits(2)
      const [row] = await queue()
      assert.ok(row !== undefined)
      await on.batches.batch(async (work) => work.add(on.stockStore.saveWaiting([{ ...row, expected: inDays(-3) }])))
      assert.ok((await on.stockStore.overdue(1_000)).includes(sku(product)))
      assert.ok((await on.inventory.reviewOverdue()) > 0)
      const [after] = await queue()
      assert.deepEqual([after?.order, after?.promised, (after?.expected ?? '') > inDays(0)], [order, row.promised, true])
    })

    it('is told an order once a batch, and only to those whose day moves', async () => {
      const lot = await announced(2, 5)
      const later = await announced(2, 9)
      await waits(1)
      const [first, second] = [await waits(2), await waits(2)]
      const told: InventoryEvent[] = []
      const changes = (id: string, to: Readonly<{ day?: Day; quantity?: number }>) =>
        on.batches.batch(async (work) => {
          const stock = await on.inventory.load(work, [sku(product)], [])
          const known = stock.lot(id) ?? assert.fail()
          stock.changeLot(known, to.day ?? known.day, to.quantity ?? known.quantity)
          told.push(...stock.result(() => 0).events)
        })
      await changes(later, { day: inDays(12) })
      await changes(lot, { quantity: 1 })
      const about = told.flatMap((event) =>
        event.type === 'SupplyMoved' || event.type === 'SupplyLost'
          ? event.lines.map(({ quantity }) => [event.type, event.order, quantity])
          : [],
      )
      assert.deepEqual(about, [
        ['SupplyMoved', second, 2],
        ['SupplyLost', first, 1],
      ])
    })
  })
}
