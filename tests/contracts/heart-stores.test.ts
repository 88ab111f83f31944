/** The repositories of orders and stock, in memory and on PostgreSQL: the same answers. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Change } from '../../src/kernel/decider.ts'
import type { OrderId } from '../../src/kernel/ids.ts'
import { addSeconds } from '../../src/kernel/time.ts'
import type { OrderEvent } from '../../src/orders/contract.ts'
import { evolve } from '../../src/orders/evolve.ts'
import { type Order, unplaced } from '../../src/orders/order.ts'
import { idAt } from '../../src/platform/ids.ts'
import { appendOf } from '../../src/platform/streams/service.ts'
import { Aborted, type Write } from '../../src/platform/store/work.ts'
import type { Entry } from '../../src/inventory/holding.ts'
import type { Lot, Waiting } from '../../src/inventory/store.ts'
import { day, draft, type Heart, hearts, leeds, line, sku, york } from '../support/heart.ts'

const fresh = (): string => randomBytes(4).toString('hex')

for (const [form, open] of Object.entries(hearts)) {
  describe(`The order repository in ${form}`, () => {
    let on: Heart
    before(async () => {
      on = await open()
    })
    after(() => on.close())

    const at = () => on.clock.now
    const placed = (more: Partial<Extract<OrderEvent, { type: 'OrderPlaced' }>> = {}): Change<OrderEvent, Order> => {
      const event: OrderEvent = {
        type: 'OrderPlaced',
        number: 7,
        placedAt: at(),
        ...draft([line('mug', 2, { name: 'a "mug"\\' })]),
        ...more,
      }
      return { id: idAt(Date.now()), version: 1, state: evolve(unplaced, event), events: [event] }
    }
    const stepped = (change: Change<OrderEvent, Order>, event: OrderEvent): Change<OrderEvent, Order> => ({
      id: change.id,
      version: change.version + 1,
      state: evolve(change.state, event),
      events: [event],
    })
    const save = (...writes: readonly Write[]) => on.batches.batch(async (work) => work.add(...writes))
    const add = (change: Change<OrderEvent, Order>) =>
      save(on.orderStore.add([change], at()), on.records.append([appendOf(change, { actor: 'test' }, at())]))
    const idOf = ({ id }: Change<OrderEvent, Order>) => id as OrderId

    it('keeps an order as it was placed, and as it became', async () => {
      const change = placed({ expiresAt: addSeconds(at(), 60), user: 'ann' })
      await add(change)
      const [id] = [idOf(change)]
      assert.deepEqual((await on.orderStore.get([id])).get(id)?.state, change.state)
      const next = stepped(change, { type: 'OrderSecured' })
      await save(on.orderStore.save([next], at()))
      const found = (await on.batches.batch((work) => on.orderStore.lock(work, [id, id, idAt(0)]))).get(id)
      assert.equal(found?.version, 2)
      assert.deepEqual(JSON.parse(JSON.stringify(found?.state)), JSON.parse(JSON.stringify(next.state)))
    })

    it('aborts a second order of one id, and a change of one that is not there', async () => {
      const change = placed()
      await add(change)
      await assert.rejects(add(change), Aborted)
      await assert.rejects(save(on.orderStore.save([stepped(placed(), { type: 'OrderSecured' })], at())), Aborted)
    })

    it('finds reservations whose time is over, and no others', async () => {
      const over = placed({ expiresAt: addSeconds(at(), -1) })
      const secured = stepped(placed({ expiresAt: addSeconds(at(), -1) }), { type: 'OrderSecured' })
      for (const change of [over, placed({ expiresAt: addSeconds(at(), 3600) }), secured, placed()]) await add(change)
      assert.deepEqual(await on.orderStore.toExpire(10), [idOf(over)])
      assert.deepEqual(await on.orderStore.toExpire(0), [])
    })

    it('hands out each number once', async () => {
      const blocks = await Promise.all([on.orderStore.numbers(3), on.orderStore.numbers(2), on.orderStore.numbers(1)])
      const all = blocks.flat()
      assert.equal(new Set(all).size, 6)
      assert.ok(all.every((number) => number >= 1001))
    })

    // What is listed is filled by a reaction where there is a database; in memory the orders themselves answer.
    if (form !== 'memory') return
    it('lists by what an order says, newest first', async () => {
      const mine = [placed({ user: 'lister', number: 91 }), placed({ user: 'lister', number: 92, externalRef: 'ref-92' })]
      for (const change of mine) await add(change)
      const ids = async (filter: object) => on.orderStore.list({ limit: 9, ...filter })
      const [first, second] = mine.map(idOf)
      assert.deepEqual(await ids({ user: 'lister' }), [second, first])
      assert.deepEqual(await ids({ user: 'lister', after: second }), [first])
      assert.deepEqual(await ids({ user: 'lister', limit: 1 }), [second])
      assert.deepEqual(await ids({ number: 92, statuses: ['received'] }), [second])
      assert.deepEqual(await ids({ number: 92, statuses: ['paid'] }), [])
      assert.deepEqual(await ids({ text: 'ref-92' }), [second])
      assert.equal(await on.orderStore.idByNumber(91), first)
      assert.deepEqual([...(await on.orderStore.idsByExternalRef(['ref-92', 'none']))], [['ref-92', second]])
    })
  })

  describe(`The stock repository in ${form}`, () => {
    let on: Heart
    before(async () => {
      on = await open()
    })
    after(() => on.close())

    const save = (...writes: readonly Write[]) => on.batches.batch(async (work) => work.add(...writes))
    const delta = (product: string, place: typeof leeds, more: object) => ({
      sku: sku(product),
      place,
      onHand: 0,
      reserved: 0,
      inTransit: 0,
      damaged: 0,
      safety: 0,
      claimed: false,
      ...more,
    })
    const known = async (product: string, onHand: number, more: object = {}): Promise<void> => {
      await on.batches.batch((work) => on.stockStore.ensureLevels(work, [{ sku: sku(product), place: leeds }]))
      await save(on.stockStore.saveLevels([delta(product, leeds, { onHand, ...more })]))
    }
    const levels = (product: string) => on.stockStore.readLevels([sku(product)])

    it('names the products it has, in order and a page at a time', async () => {
      const mark = `page${fresh()}`
      const names = ['a', 'b', 'c'].map((letter) => sku(`${mark}${letter}`))
      const pairs = names.flatMap((name) => [leeds, york].map((place) => ({ sku: name, place })))
      await on.batches.batch((work) => on.stockStore.ensureLevels(work, pairs))
      assert.deepEqual(await on.stockStore.stockedAfter(sku(mark), 2), names.slice(0, 2))
      assert.deepEqual((await on.stockStore.stockedAfter(names[1] ?? sku(''), 10)).slice(0, 1), names.slice(2))
    })

    it('knows which transfers stock has followed from their sender', async () => {
      const [sent, received] = [`sent${fresh()}`, `received${fresh()}`]
      const none = { onHand: 0, reserved: 0, inTransit: 0, damaged: 0 }
      const row = { ...none, sku: sku('any'), place: leeds, order: undefined }
      await on.batches.batch(async (work) => {
        work.add(
          on.stockStore.saveLedger(
            [
              { ...row, kind: 'transfer_sent', reference: sent },
              { ...row, kind: 'transfer_sent', reference: sent },
              { ...row, kind: 'received', reference: received },
              { ...row, kind: 'transfer_sent', reference: undefined },
            ],
            work.now,
          ),
        )
      })
      const followed = await on.batches.batch((work) => on.stockStore.followed(work, [sent, received, 'never']))
      assert.deepEqual([...followed], [sent])
    })

    it('makes a level once, and locks levels by product and place', async () => {
      const [a, b] = [`a${fresh()}`, `b${fresh()}`]
      const pairs = [
        { sku: sku(b), place: leeds },
        { sku: sku(a), place: york },
        { sku: sku(a), place: leeds },
      ]
      await on.batches.batch((work) => on.stockStore.ensureLevels(work, [...pairs, ...pairs]))
      await save(on.stockStore.saveLevels([delta(a, york, { onHand: 4, safety: 1, inTransit: 2, damaged: 3 })]))
      await on.batches.batch((work) => on.stockStore.ensureLevels(work, pairs))
      const locked = await on.batches.batch((work) => on.stockStore.lockLevels(work, [sku(b), sku(a), sku('none')]))
      assert.deepEqual(
        locked.map((row) => `${row.sku} ${row.place}`),
        [`${a} leeds`, `${a} york`, `${b} leeds`],
      )
      assert.deepEqual(locked[1], { sku: a, place: york, onHand: 4, reserved: 0, safety: 1, inTransit: 2, damaged: 3 })
    })

    it('takes units only where they are free at that moment', async () => {
      const product = fresh()
      await known(product, 5, { safety: 1 })
      const claim = (reserved: number) => save(on.stockStore.saveLevels([delta(product, leeds, { reserved, claimed: true })]))
      await assert.rejects(claim(5), (fault) => fault instanceof Aborted && fault.reason === 'guard')
      await claim(4)
      await assert.rejects(claim(1), Aborted)
      assert.equal((await levels(product))[0]?.reserved, 4)
    })

    it('aborts a change of a level that is not there', async () => {
      await assert.rejects(save(on.stockStore.saveLevels([delta(fresh(), leeds, { onHand: 1 })])), Aborted)
    })

    it('never goes below nothing, whoever asks', async () => {
      const product = fresh()
      await known(product, 2, { reserved: 1 })
      for (const change of [{ onHand: -3 }, { onHand: -2 }, { reserved: -2 }, { inTransit: -1 }, { damaged: -1 }, { safety: -1 }])
        await assert.rejects(save(on.stockStore.saveLevels([delta(product, leeds, change)])), JSON.stringify(change))
      assert.deepEqual(await levels(product), [
        { sku: product, place: leeds, onHand: 2, reserved: 1, inTransit: 0, safety: 0, damaged: 0 },
      ])
    })

    it('keeps what an order holds; a new order’s holding is new', async () => {
      const order = idAt(Date.now())
      const holding: Entry[] = [
        { line: 0, sku: sku('a "b"\\'), place: leeds, quantity: 2, state: 'r', to: york },
        { line: 1, sku: sku('c'), place: york, quantity: 1, state: 'w' },
      ]
      await save(on.stockStore.newHoldings([{ order, holding }]))
      await assert.rejects(save(on.stockStore.newHoldings([{ order, holding: [] }])), Aborted)
      const held = () => on.batches.batch((work) => on.stockStore.lockHoldings(work, [order, idAt(0)]))
      assert.deepEqual([...(await held())], [[order, holding]])
      await save(on.stockStore.saveHoldings([{ order, holding: [] }]))
      assert.deepEqual([...(await held())], [[order, []]])
    })

    it('serves the queue by priority, then by time; who waits already keeps his place', async () => {
      const product = sku(fresh())
      const waits = (index: number, more: Partial<Waiting> = {}): Waiting => ({
        sku: product,
        order: idAt(Date.now()),
        line: 0,
        place: leeds,
        quantity: 1,
        kind: 'backorder',
        priority: 0,
        at: addSeconds(on.clock.now, index),
        expected: day('2026-12-01'),
        ...more,
      })
      const [late, early, urgent] = [waits(9), waits(1), waits(5, { priority: 1 })]
      await save(on.stockStore.saveWaiting([late, early, urgent]))
      await save(on.stockStore.saveWaiting([{ ...early, quantity: 3, at: addSeconds(on.clock.now, 99) }]))
      const queue = async () => await on.batches.batch((work) => on.stockStore.waitingFor(work, [product]))
      assert.deepEqual(await queue(), [urgent, { ...early, quantity: 3 }, late])
      await save(on.stockStore.dropWaiting([urgent, late]))
      assert.deepEqual(
        (await queue()).map(({ order }) => order),
        [early.order],
      )
    })

    it('keeps supply until it is closed, soonest first', async () => {
      const product = sku(fresh())
      const lot = (date: string): Lot => ({
        id: idAt(Date.now()),
        sku: product,
        place: leeds,
        day: day(date),
        quantity: 5,
        received: 0,
        kind: 'purchase',
        reference: `PO ${fresh()}`,
        closed: false,
      })
      const [later, sooner] = [lot('2026-12-02'), lot('2026-12-01')]
      await save(on.stockStore.saveLots([later, sooner]))
      assert.deepEqual(await on.stockStore.readLots([product]), [sooner, later])
      await save(on.stockStore.saveLots([{ ...sooner, received: 5, closed: true }]))
      assert.deepEqual(await on.batches.batch((work) => on.stockStore.openLots(work, [product])), [later])
      const locked = await on.batches.batch((work) => on.stockStore.lockLots(work, [sooner.id, later.id]))
      assert.deepEqual(new Set(locked.map(({ id }) => id)), new Set([sooner.id, later.id]))
    })
  })
}
