/** Why an order is sent from where it is: kept with the order, and worked out again whenever somebody asks. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runAgents } from '../../src/cli/demo-agents.ts'
import { agentsNetwork } from '../../src/sourcing/samples/agents.ts'
import { startWaybill, type Waybill } from '../support/waybill.ts'

type Decision = Readonly<{
  cause: string
  policy: string
  network: string
  cost: number
  optimal: boolean
  reproduced: boolean
  shipments: readonly Readonly<{
    place: string
    dispatch: string
    arrives: string
    steps: readonly Readonly<{ step: string; day: string; words: string }>[]
    parts: Readonly<Record<string, number>>
    lines: readonly Readonly<{ line: string; sku: string; from: string; kind: string }>[]
  }>[]
  stockSeen: readonly Readonly<{ sku: string; free: Readonly<Record<string, number>> }>[]
  candidates: readonly Readonly<{ place: string; lacks: readonly unknown[] }>[]
  alternatives: readonly Readonly<{ name: string; place: string | null; worseBy: number; parcels: number; feasible: boolean }>[]
  words: readonly string[]
}>
type Why = Readonly<{ orderId: string; number: number; decisions: readonly Decision[]; words: readonly string[] }>

const why = async (waybill: Waybill, order: string): Promise<Why> => {
  const { status, body } = await waybill.ask('GET', `/v1/orders/${order}/why`)
  assert.equal(status, 200, JSON.stringify(body))
  return body as Why
}
const only = ({ decisions }: Why): Decision => {
  const [decision] = decisions
  assert.ok(decision !== undefined && decisions.length === 1, `${decisions.length} decisions`)
  return decision
}
const sumOfParts = ({ shipments }: Decision): number =>
  shipments.flatMap(({ parts }) => Object.values(parts)).reduce((sum, cents) => sum + cents, 0)

describe('Why the three orders of requirement A17 are brought together', () => {
  let waybill: Waybill
  let decision: Decision
  let orders: Awaited<ReturnType<typeof runAgents>>
  before(async () => {
    waybill = await startWaybill()
    orders = await runAgents(waybill.shop, { stage: () => undefined, step: () => undefined })
    decision = only(await why(waybill, orders[0]?.id ?? ''))
  })
  after(() => waybill.stop())

  it('says what was decided, by which policy, what it costs and of what', () => {
    assert.deepEqual([decision.cause, decision.optimal, decision.reproduced], ['placed', true, true])
    assert.match(decision.policy, /^cheapest@\d+$/)
    assert.deepEqual(
      decision.shipments.map(({ place, lines }) => [place, lines.map(({ sku, from, kind }) => `${sku} ${kind} ${from}`)]),
      [['warehouse1', ['prod1 stock warehouse1', 'prod6 transfer warehouse2', 'prod9 stock warehouse1']]],
    )
    assert.equal(sumOfParts(decision), decision.cost)
    assert.ok((decision.shipments[0]?.parts['transfer'] ?? 0) > 0)
  })

  it('counts its days step by step, to those that were planned', () => {
    const [parcel] = decision.shipments
    const dayOf = (name: string) => parcel?.steps.findLast(({ step }) => step === name)?.day
    assert.ok(parcel !== undefined && ['ordered', 'departed', 'moved'].every((name) => dayOf(name) !== undefined))
    assert.deepEqual([dayOf('collected'), dayOf('delivered')], [parcel.dispatch, parcel.arrives])
    const days = parcel.steps.map(({ day }) => day)
    assert.ok(parcel.steps.every(({ day, words }) => words.endsWith(day)) && days.every((day) => day <= parcel.arrives))
  })

  it('says what was seen on the shelves', () =>
    assert.deepEqual(
      decision.stockSeen.map(({ sku, free }) => [sku, free]),
      [
        ['prod1', { warehouse1: 10, warehouse2: 0, warehouse3: 0 }],
        ['prod6', { warehouse1: 0, warehouse2: 10, warehouse3: 0 }],
        ['prod9', { warehouse1: 10, warehouse2: 0, warehouse3: 0 }],
      ],
    ))

  it('says by how much a second parcel would have been dearer', async () => {
    for (const { id } of orders) {
      const { alternatives, words } = only(await why(waybill, id))
      const split = alternatives.find(({ name }) => name === 'without_transfer')
      assert.ok(split !== undefined && split.feasible && split.parcels === 2, JSON.stringify(alternatives))
      assert.ok(split.worseBy > 0)
      assert.ok(
        words.some((line) => line === `without a transfer: +${(split.worseBy / 100).toFixed(2)} (2 parcels)`),
        words.join('\n'),
      )
    }
  })

  it('stays as it was decided when stock and warehouses change', async () => {
    await waybill.shop.warehouses.save(agentsNetwork.warehouses.map((warehouse) => ({ ...warehouse, pickCents: 9_999 })))
    await waybill.shop.inventory.handle({
      command: { do: 'adjust', sku: 'prod6' as never, place: 'warehouse1' as never, by: 50, reason: 'found' },
      origin: { actor: 'test' },
    })
    assert.deepEqual(only(await why(waybill, orders[0]?.id ?? '')), decision)
    await waybill.shop.warehouses.save(agentsNetwork.warehouses)
  })

  it('is split where a second tariff makes that cheaper, and says by how much moving would be dearer', async () => {
    await waybill.shop.warehouses.setTariffs({
      delivery: agentsNetwork.delivery.map((service) => ({ ...service, baseCents: 100 })),
      transfer: { ...agentsNetwork.transfer, fixedCents: 900 },
    })
    const placed = await waybill.ask('POST', '/v1/orders', {
      lines: [
        { sku: 'prod4', quantity: 1 },
        { sku: 'prod5', quantity: 1 },
      ],
      customer: { email: 'nowak@example.com' },
      shippingAddress: { country: 'PL', postalCode: '80-001', city: 'Gdańsk' },
    })
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    const split = only(await why(waybill, (placed.body as { id: string }).id))
    assert.deepEqual(split.shipments.map(({ place }) => place).toSorted(), ['warehouse1', 'warehouse3'])
    const one = split.alternatives.find(({ name }) => name === 'one_parcel')
    assert.ok(one !== undefined && one.parcels === 1 && one.worseBy > 0, JSON.stringify(split.alternatives))
    assert.ok(split.words.includes(`in one parcel: +${(one.worseBy / 100).toFixed(2)} (1 parcel)`))
  })

  it('is for those who work here, and says when there is no such order', async () => {
    const { key } = await waybill.shop.keys.make({ role: 'customer', label: 'Ann', user: 'ann' }, waybill.shop.now())
    const path = `/v1/orders/${orders[0]?.id}/why`
    assert.equal((await waybill.ask('GET', path, undefined, { key })).status, 403)
    assert.equal((await waybill.ask('GET', '/v1/orders/01890000-0000-7000-8000-000000000000/why')).status, 404)
  })
})
