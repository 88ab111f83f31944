/** Better until released: an order whose work has not begun goes another way when that is better, and nothing else does. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import type { Place, Sku } from '../../src/kernel/ids.ts'
import { site } from '../support/site.ts'
import { startWaybill, type Waybill } from '../support/waybill.ts'

const origin = { actor: 'test' }
type Fulfilment = Readonly<{ warehouse: string; status: string }>
type Order = Readonly<{ id: string; fulfilments: readonly Fulfilment[]; promise: Readonly<{ latest: string; expected: string }> }>
type Why = Readonly<{
  decisions: readonly Readonly<{
    cause: string
    reproduced: boolean
    shipments: readonly Readonly<{ place: string; lines: readonly Readonly<{ sku: string; from: string }>[] }>[]
  }>[]
}>

describe('An order that nobody has begun', () => {
  let waybill: Waybill
  const count = (sku: string, place: string, onHand: number) =>
    waybill.shop.inventory.handle({
      command: { do: 'count', sku: sku as Sku, place: place as Place, onHand, reason: 'test' },
      origin,
    })
  const level = async (sku: string, place: string) => {
    const levels = await waybill.shop.stockStore.readLevels([sku as Sku])
    const found = levels.find((row) => row.place === place)
    return [found?.onHand ?? 0, found?.reserved ?? 0]
  }
  const place = async (more: Readonly<Record<string, unknown>> = {}, postalCode = 'LS1 4AP') => {
    const answer = await waybill.ask('POST', '/v1/orders', {
      lines: [
        { sku: 'MUG', quantity: 1 },
        { sku: 'TEA', quantity: 1 },
      ],
      customer: { email: 'anna@example.com' },
      shippingAddress: { country: 'GB', postalCode },
      ...more,
    })
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    return answer.body as Order
  }
  const replan = (order: Order, body: unknown = {}) => waybill.ask('POST', `/v1/orders/${order.id}/replan`, body)
  const code = (body: unknown) => (body as { code: string }).code
  const last = async (order: Order) => {
    const { body } = await waybill.ask('GET', `/v1/orders/${order.id}/why`)
    const { decisions } = body as Why
    const decision = decisions.at(-1)
    assert.ok(decision !== undefined)
    assert.equal(decision.reproduced, true)
    return [
      decision.cause,
      ...decision.shipments.map(
        (shipment) => `${shipment.place}: ${shipment.lines.map(({ sku, from }) => `${sku} from ${from}`).join(', ')}`,
      ),
    ]
  }
  const onAccount = { paymentTerms: 'on_account' }

  before(async () => {
    waybill = await startWaybill({ WAYBILL_REPLAN_SAVING: '20' })
    const { shop } = waybill
    await shop.warehouses.save([site('LDS', 'LS1', 53.8, -1.55), site('EXE', 'EX1', 50.72, -3.53)])
    await shop.catalog.save(
      (['MUG', 'TEA'] as Sku[]).map((sku) => ({ sku, name: sku, unitPrice: 500, currency: 'GBP', grams: 300 })),
      origin,
    )
    await count('MUG', 'LDS', 5)
    await count('TEA', 'EXE', 5)
  })
  after(() => waybill.stop())

  it('stays as it is while nothing is better', async () => {
    const order = await place()
    assert.deepEqual(await last(order), ['placed', 'LDS: MUG from LDS, TEA from EXE'])
    const { status, body } = await replan(order)
    assert.deepEqual([status, code(body)], [409, 'no_better_plan'])
    await waybill.ask('POST', `/v1/orders/${order.id}/cancel`, {})
  })

  it('goes from one place when what it needs came in there, gives the other units back, and keeps its promise', async () => {
    const order = await place()
    assert.deepEqual(await level('TEA', 'EXE'), [5, 1])
    await count('TEA', 'LDS', 1)
    const { status, body } = await replan(order)
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual(await last(order), ['revised', 'LDS: MUG from LDS, TEA from LDS'])
    assert.deepEqual(
      [await level('TEA', 'EXE'), await level('TEA', 'LDS'), await level('MUG', 'LDS')],
      [
        [5, 0],
        [1, 1],
        [5, 1],
      ],
    )
    assert.equal((body as Order).promise.latest, order.promise.latest)
    assert.ok((body as Order).promise.expected <= order.promise.expected)
    assert.equal(code((await replan(order)).body), 'no_better_plan')
    await waybill.ask('POST', `/v1/orders/${order.id}/cancel`, {})
    await count('TEA', 'LDS', 0)
  })

  it('is left alone where the saving is too small for the one who asks', async () => {
    const order = await place()
    await count('TEA', 'LDS', 1)
    assert.equal(code((await replan(order, { leastSaving: 100_000 })).body), 'no_better_plan')
    await waybill.ask('POST', `/v1/orders/${order.id}/cancel`, {})
    await count('TEA', 'LDS', 0)
  })

  it('takes its work back from the warehouses, transfer and all, and plans it anew', async () => {
    const order = await place(onAccount)
    await waybill.shop.settled()
    const before = (await waybill.ask('GET', `/v1/orders/${order.id}`)).body as Order
    assert.deepEqual(
      before.fulfilments.map(({ warehouse, status }) => [warehouse, status]),
      [['LDS', 'awaiting_transfer']],
    )
    await count('TEA', 'LDS', 1)
    const { status, body } = await replan(order)
    assert.equal(status, 200, JSON.stringify(body))
    await waybill.shop.settled()
    const after = (await waybill.ask('GET', `/v1/orders/${order.id}`)).body as Order
    assert.deepEqual(
      after.fulfilments.map(({ warehouse, status: now }) => [warehouse, now]),
      [
        ['LDS', 'cancelled'],
        ['LDS', 'released'],
      ],
    )
    assert.deepEqual(
      [await level('TEA', 'EXE'), await level('TEA', 'LDS')],
      [
        [5, 0],
        [1, 1],
      ],
    )
    assert.deepEqual(code((await replan(order)).body), 'plan_begun')
    assert.equal((await waybill.ask('POST', `/v1/orders/${order.id}/cancel`, {})).status, 200)
    await waybill.shop.settled()
    await count('TEA', 'LDS', 0)
  })

  it('goes from the nearer place when its address changes', async () => {
    await count('MUG', 'EXE', 5)
    const order = await place({ lines: [{ sku: 'MUG', quantity: 1 }] })
    assert.deepEqual(await last(order), ['placed', 'LDS: MUG from LDS'])
    await waybill.shop.settled()
    const { headers } = await waybill.ask('GET', `/v1/orders/${order.id}`)
    const changed = await waybill.ask(
      'PATCH',
      `/v1/orders/${order.id}`,
      { shippingAddress: { country: 'GB', postalCode: 'EX4 4QJ' } },
      { headers: { 'if-match': headers.get('etag') ?? '' } },
    )
    assert.equal(changed.status, 200, JSON.stringify(changed.body))
    assert.deepEqual(await last(order), ['address', 'EXE: MUG from EXE'])
    assert.deepEqual(
      [await level('MUG', 'LDS'), await level('MUG', 'EXE')],
      [
        [5, 0],
        [5, 1],
      ],
    )
    await waybill.ask('POST', `/v1/orders/${order.id}/cancel`, {})
    await waybill.shop.settled()
    await count('MUG', 'EXE', 0)
  })

  it('is found by the round that looks at all of them, and moved without being asked', async () => {
    const order = await place()
    await count('TEA', 'LDS', 1)
    await waybill.shop.settled()
    const { moved, saved } = await waybill.shop.betterment.round()
    assert.deepEqual([moved, saved > 0], [1, true])
    assert.deepEqual(await last(order), ['revised', 'LDS: MUG from LDS, TEA from LDS'])
    assert.equal((await waybill.shop.betterment.round()).moved, 0)
    await waybill.ask('POST', `/v1/orders/${order.id}/cancel`, {})
    await waybill.shop.settled()
    await count('TEA', 'LDS', 0)
  })

  it('changes its units with another order’s where each then goes from nearby: both of them, or none', async () => {
    await waybill.shop.catalog.save([{ sku: 'POT' as Sku, name: 'POT', unitPrice: 900, currency: 'GBP', grams: 900 }], origin)
    const only = { lines: [{ sku: 'POT', quantity: 1 }] }
    // The last one in Leeds goes to Exeter, because nothing is there yet; then the other way round.
    await count('POT', 'LDS', 1)
    const toExeter = await place(only, 'EX4 4QJ')
    await count('POT', 'EXE', 1)
    const toLeeds = await place(only)
    assert.deepEqual(
      [await last(toExeter), await last(toLeeds)],
      [
        ['placed', 'LDS: POT from LDS'],
        ['placed', 'EXE: POT from EXE'],
      ],
    )
    await waybill.shop.settled()
    const { moved, saved } = await waybill.shop.betterment.round()
    assert.deepEqual([moved, saved > 0], [2, true])
    const places = async (order: Order) => {
      const { body } = await waybill.ask('GET', `/v1/orders/${order.id}/why`)
      return (body as Why).decisions.at(-1)?.shipments.map((shipment) => shipment.place)
    }
    assert.deepEqual([await places(toExeter), await places(toLeeds)], [['EXE'], ['LDS']])
    assert.deepEqual(
      [await level('POT', 'LDS'), await level('POT', 'EXE')],
      [
        [1, 1],
        [1, 1],
      ],
    )
    // What was found a moment ago is no longer so: neither order is touched.
    const again = (id: string, shipments: readonly unknown[]) => ({
      id,
      revised: { type: 'PlanRevised', saving: 1, shipments, decision: {} },
    })
    const planOf = async (order: Order) => (await waybill.shop.reads.one(order.id as never))?.order.progress.plan ?? []
    const [exeter, leeds] = [await planOf(toExeter), await planOf(toLeeds)]
    await waybill.ask('POST', `/v1/orders/${toLeeds.id}/cancel`, {})
    const outcomes = await waybill.shop.orders.replanTogether(
      [again(toExeter.id, leeds), again(toLeeds.id, exeter)] as never,
      origin,
    )
    assert.ok(
      outcomes.every((outcome) => 'refused' in outcome),
      JSON.stringify(outcomes),
    )
    assert.deepEqual(await planOf(toExeter), exeter)
    await waybill.ask('POST', `/v1/orders/${toExeter.id}/cancel`, {})
    assert.deepEqual(
      [await level('POT', 'LDS'), await level('POT', 'EXE')],
      [
        [1, 0],
        [1, 0],
      ],
    )
  })

  it('is for the office, and leaves stock and histories that add up', async () => {
    const order = await place()
    const { key } = await waybill.shop.keys.make({ role: 'customer', label: 'Ann', user: 'ann' }, waybill.shop.now())
    assert.equal((await waybill.ask('POST', `/v1/orders/${order.id}/replan`, {}, { key })).status, 403)
    await waybill.shop.settled()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
  })
})
