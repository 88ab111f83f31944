/** An order of many lines is searched for a limited time when it is placed, says so, and is bettered before its release. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Sku } from '../../src/kernel/ids.ts'
import { dice } from '../support/sourcing-random.ts'
import { site } from '../support/site.ts'
import { startWaybill, type Waybill } from '../support/waybill.ts'

const origin = { actor: 'test' }
const roll = dice(11)
const sites = Array.from({ length: 30 }, (_, w) =>
  site(`W${String(w).padStart(2, '0')}`, 'LS1', 50.5 + roll(700) / 100, -4 + roll(500) / 100),
)
const skus = Array.from({ length: 40 }, (_, i) => `P-${String(i).padStart(2, '0')}` as Sku)

type Why = Readonly<{
  decisions: readonly Readonly<{
    cause: string
    reproduced: boolean
    cost: number
    optimal: boolean
    gap: number
    bounded?: number
  }>[]
}>

describe('An order of forty lines over thirty warehouses', () => {
  let waybill: Waybill
  const decisions = async (id: string): Promise<Why['decisions']> => {
    const { status, body } = await waybill.ask('GET', `/v1/orders/${id}/why`)
    assert.equal(status, 200, JSON.stringify(body))
    return (body as Why).decisions
  }

  before(async () => {
    waybill = await startWaybill({ WAYBILL_REPLAN_SAVING: '1' })
    const { shop } = waybill
    await shop.warehouses.save(sites)
    await shop.catalog.save(
      skus.map((sku) => ({ sku, name: sku, unitPrice: 500, currency: 'GBP', grams: 200 + roll(2_000) })),
      origin,
    )
    const counts = skus.flatMap((sku, i) =>
      sites.flatMap(({ id }, w) => (roll(100) < 25 || w === i % sites.length ? [{ sku, place: id, onHand: 3 }] : [])),
    )
    await Promise.all(counts.map((count) => shop.inventory.handle({ command: { do: 'count', ...count, reason: 'test' }, origin })))
  })
  after(() => waybill.stop())

  it('says that its search was cut, can be reproduced, and is sent better by the round', async () => {
    const placed = await waybill.ask('POST', '/v1/orders', {
      lines: skus.map((sku) => ({ sku, quantity: 1 })),
      customer: { email: 'anna@example.com' },
      shippingAddress: { country: 'GB', postalCode: 'LS1 4AP' },
    })
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    const { id } = placed.body as Readonly<{ id: string }>
    const [first] = await decisions(id)
    assert.ok(first !== undefined)
    assert.deepEqual([first.cause, first.reproduced, first.optimal, first.bounded], ['placed', true, false, 300_000])
    assert.ok(first.gap > 0 && first.gap < 1)
    const round = await waybill.shop.betterment.round()
    assert.deepEqual([round.looked, round.moved], [1, 1])
    const second = (await decisions(id)).at(-1)
    assert.ok(second !== undefined)
    assert.deepEqual([second.cause, second.cost < first.cost], ['revised', true])
    // What is counted is against the best way to send the units that it held, which may itself be better than what was planned.
    assert.ok(round.saved > 0 && round.saved <= first.cost - second.cost, `${round.saved}`)
    assert.ok(second.cost >= first.cost * (1 - first.gap))
  })
})
