/** The owner says where places are, when they work, what carriers charge; orders follow, and old ones keep their reasons. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startWaybill, type Waybill } from '../support/waybill.ts'

type Fault = Readonly<{ code: string; errors: readonly Readonly<{ pointer: string; code: string }>[] }>
type Service = Readonly<Record<string, unknown>>
type Network = Readonly<{ version: string; delivery: readonly Service[]; lanes: string }>
type Why = Readonly<{ decisions: readonly Readonly<{ reproduced: boolean; network: string }>[] }>

const leeds = { name: 'Leeds', country: 'GB', postalCode: 'LS10', timeZone: 'Europe/London', workdays: [1, 2, 3, 4, 5, 6, 7] }
/** Every day counts, so that it does not matter on which one this runs. */
const daily = {
  id: 'standard',
  carrier: 'Daily',
  baseCents: 400,
  transit: [{ upToKm: null, days: 1 }],
  pickupDays: [1, 2, 3, 4, 5, 6, 7],
  deliveryDays: [1, 2, 3, 4, 5, 6, 7],
  holidays: false,
}

describe('The network over HTTP', () => {
  let waybill: Waybill
  const put = async (path: string, body: unknown) => {
    const answer = await waybill.ask('PUT', path, body)
    return { status: answer.status, network: answer.body as Network, place: answer.body as Service, fault: answer.body as Fault }
  }
  const network = async (): Promise<Network> => (await waybill.ask('GET', '/v1/network')).body as Network
  const wrong = ({ status, fault }: Awaited<ReturnType<typeof put>>) => [
    status,
    fault.code,
    ...(fault.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`),
  ]
  const order = async (postalCode = 'LS1 4AP'): Promise<Readonly<{ id: string; promise: Readonly<{ expected: string }> }>> => {
    const { status, body } = await waybill.ask('POST', '/v1/orders', {
      lines: [{ sku: 'MUG', quantity: 3 }],
      customer: { email: 'anna@example.com' },
      shippingAddress: { country: 'GB', postalCode },
    })
    assert.equal(status, 201, JSON.stringify(body))
    return body as Awaited<ReturnType<typeof order>>
  }
  const decision = async (id: string) => ((await waybill.ask('GET', `/v1/orders/${id}/why`)).body as Why).decisions.at(-1)

  before(async () => {
    waybill = await startWaybill()
  })
  after(() => waybill.stop())

  it('has defaults, and may be said before there is a warehouse', async () => {
    const { version, lanes, delivery } = await network()
    assert.deepEqual([version, lanes, delivery.length], ['', 'all', 1])
    const { status, network: said } = await put('/v1/network', { delivery: [daily] })
    assert.equal(status, 200)
    assert.deepEqual(said.delivery[0], {
      ...daily,
      perKgCents: 0,
      per100KmCents: 0,
      abroad: { cents: 600, days: 5 },
      steps: null,
      countries: null,
    })
  })

  it("gives a new warehouse its country's holidays, unless it says otherwise", async () => {
    const holidays = async (more: Service) => (await put('/v1/warehouses/LDS', { ...leeds, ...more })).place['holidays']
    assert.deepEqual(await holidays({}), { country: 'GB' })
    assert.deepEqual(await holidays({ holidays: { country: 'GB', state: 'SCT' } }), { country: 'GB', state: 'SCT' })
    assert.equal(await holidays({ holidays: null }), null)
  })

  it('refuses a warehouse that could never work, at the field, and stays as it was', async () => {
    const { version } = await network()
    const place = (more: Service) => put('/v1/warehouses/LDS', { ...leeds, ...more })
    assert.deepEqual(wrong(await place({ timeZone: 'Europe/Leeds' })), [422, 'network_invalid', '/timeZone unknown'])
    assert.deepEqual(wrong(await place({ holidays: { country: 'GB', state: 'XX' } })), [
      422,
      'network_invalid',
      '/holidays/state unknown',
    ])
    assert.deepEqual((await place({ closedDays: ['2026-02-30'] })).status, 400)
    assert.equal((await put('/v1/network', { delivery: [{ ...daily, pickupDays: [1, 2, 3] }] })).status, 200)
    assert.deepEqual(wrong(await place({ workdays: [6, 7] })), [422, 'network_invalid', '/workdays never'])
    assert.equal((await put('/v1/network', { delivery: [daily] })).network.version, version)
  })

  it('refuses tariffs that cannot work, at the field', async () => {
    const { version } = await network()
    const { transit: _transit, ...silent } = daily
    assert.deepEqual(wrong(await put('/v1/network', { delivery: [silent] })), [
      422,
      'network_invalid',
      '/delivery/0/transit required',
    ])
    assert.deepEqual(wrong(await put('/v1/network', { delivery: [daily, daily] })), [
      422,
      'network_invalid',
      '/delivery/1/id duplicate',
    ])
    const lane = { from: 'LDS', to: 'LON', fixedCents: 100, perKgCents: 0, days: 1 }
    assert.deepEqual(wrong(await put('/v1/network', { overrides: [lane] })), [
      422,
      'network_invalid',
      '/overrides/0/to warehouse_unknown',
    ])
    assert.equal((await put('/v1/network', { lanes: 'some' })).status, 400)
    assert.equal((await network()).version, version)
  })

  it('is what orders are decided over, and each keeps the one it was decided over', async () => {
    await put('/v1/warehouses/LDS', { ...leeds, holidays: null })
    await put('/v1/products/MUG', { name: 'Mug', unitPrice: 500, currency: 'GBP', grams: 300 })
    await waybill.ask('POST', '/v1/stock/receipts', { sku: 'MUG', warehouse: 'LDS', quantity: 100 })
    const first = await order()
    const { version } = await network()
    const zones = [
      { postalPrefixes: ['LS'], baseCents: 300, transitDays: 4 },
      { baseCents: 500, transitDays: 9 },
    ]
    const { network: zoned } = await put('/v1/network', { delivery: [{ ...daily, zones }] })
    const [near, far] = [await order(), await order('YO1 7HH')]
    assert.ok(first.promise.expected < near.promise.expected && near.promise.expected < far.promise.expected)
    const decisions = [await decision(first.id), await decision(near.id)]
    assert.deepEqual(
      decisions.map((told) => [told?.network, told?.reproduced]),
      [
        [version, true],
        [zoned.version, true],
      ],
    )
  })

  it('promises later where a place has its hands full, and still knows why', async () => {
    await put('/v1/network', { delivery: [daily] })
    const before = await order()
    await put('/v1/warehouses/LDS', { ...leeds, holidays: null, unitsPerDay: 5 })
    // Twelve units are set aside by now: fifteen are three days' work.
    const behind = await order()
    assert.equal(Date.parse(behind.promise.expected) - Date.parse(before.promise.expected), 2 * 86_400_000)
    assert.equal((await decision(behind.id))?.reproduced, true)
  })

  it('is for the owner', async () => {
    const { key } = await waybill.shop.keys.make({ role: 'customer_service', label: 'Ann' }, waybill.shop.now())
    assert.equal((await waybill.ask('GET', '/v1/network', undefined, { key })).status, 403)
    assert.equal((await waybill.ask('PUT', '/v1/network', {}, { key })).status, 403)
  })
})
