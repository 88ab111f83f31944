/** The owner changes what the shop weighs: a draft, its shadow, live, and back; and the speed a buyer asks for is heeded. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { startWaybill, type Waybill } from '../support/waybill.ts'

type Version = Readonly<{
  id: string
  version: number
  state: string
  used: boolean
  weights: Record<string, number>
  shadow?: Record<string, number>
}>
type Policy = Readonly<{ name: string; versions: readonly Version[] }>
type Fault = Readonly<{
  code: string
  detail: string
  errors?: readonly Readonly<{ pointer: string; code: string; detail: string }>[]
}>

describe('Policies over HTTP', () => {
  let waybill: Waybill
  const post = async (path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await waybill.ask('POST', `/v1/policies${path}`, body, headers === undefined ? {} : { headers })
    return { status: answer.status, policy: answer.body as Policy, fault: answer.body as Fault }
  }
  const states = ({ versions }: Policy): string => versions.map(({ version, state }) => `${version} ${state}`).join()
  const get = async (name: string): Promise<Policy> => (await waybill.ask('GET', `/v1/policies/${name}`)).body as Policy

  before(async () => {
    waybill = await startWaybill()
    // Near is cheap and slow to pick, far is dear and quick: Manchester and Glasgow, for a buyer in Leeds.
    const put = async (path: string, body: unknown) => {
      const { status, body: said } = await waybill.ask('PUT', path, body)
      assert.ok(status < 300, JSON.stringify(said))
    }
    await put('/v1/warehouses/MAN', {
      name: 'Manchester',
      country: 'GB',
      postalCode: 'M1 1AA',
      latitude: 53.48,
      longitude: -2.24,
      handlingDays: 5,
      hub: false,
    })
    await put('/v1/warehouses/GLA', {
      name: 'Glasgow',
      country: 'GB',
      postalCode: 'G1 1AA',
      latitude: 55.86,
      longitude: -4.25,
      hub: false,
    })
    await put('/v1/products/mug', { name: 'Mug', unitPrice: 1250, currency: 'GBP', grams: 300 })
    for (const warehouse of ['MAN', 'GLA']) {
      const { status, body } = await waybill.ask('POST', '/v1/stock/adjustments', {
        sku: 'mug',
        warehouse,
        by: 100,
        reason: 'counted',
      })
      assert.equal(status, 200, JSON.stringify(body))
    }
  })
  after(() => waybill.stop())

  const place = async (shippingMethod: string): Promise<readonly [string, string]> => {
    const { status, body } = await waybill.ask('POST', '/v1/orders', {
      lines: [{ sku: 'mug', quantity: 1 }],
      shippingAddress: { country: 'GB', postalCode: 'LS1 4DY' },
      shippingMethod,
    })
    const { id } = body as { id: string }
    assert.equal(status, 201, JSON.stringify(body))
    const why = await waybill.ask('GET', `/v1/orders/${id}/why`)
    const [decision] = (why.body as { decisions: { policy: string; shipments: { place: string }[] }[] }).decisions
    return [decision?.policy ?? '', decision?.shipments[0]?.place ?? '']
  }

  it('are there from the start: `cheapest` decides, and `fastest` where the buyer asks for speed', async () => {
    const { body } = await waybill.ask('GET', '/v1/policies')
    const { data } = body as { data: { name: string; live: number | null }[] }
    assert.deepEqual(
      data.map(({ name, live }) => [name, live]),
      [
        ['cheapest', 1],
        ['closest', null],
        ['fastest', 1],
        ['fewestSplits', null],
        ['consolidate', null],
        ['loadBalanced', null],
      ],
    )
    assert.deepEqual(await place('standard'), ['cheapest@1', 'MAN'])
    assert.deepEqual(await place('express'), ['fastest@1', 'GLA'])
  })

  it('tell which step of a ladder decided', async () => {
    const onlyNowhere = { filters: { countries: ['DE'] } }
    const drafted = await post('', { name: 'rungs', priority: 5, when: { channels: ['rungs'] }, ladder: [onlyNowhere, {}] })
    assert.equal(drafted.status, 201, JSON.stringify(drafted.fault))
    assert.equal((await post('/rungs/versions/1/live')).status, 200)
    const { body: placed } = await waybill.ask('POST', '/v1/orders', {
      lines: [{ sku: 'mug', quantity: 1 }],
      shippingAddress: { country: 'GB', postalCode: 'LS1 4DY' },
      channel: 'rungs',
    })
    const { body } = await waybill.ask('GET', `/v1/orders/${(placed as { id: string }).id}/why`)
    const [decision] = (body as { decisions: { step: number; reproduced: boolean; words: readonly string[] }[] }).decisions
    assert.deepEqual([decision?.step, decision?.reproduced], [2, true])
    assert.match(decision?.words[0] ?? '', /by policy rungs@1, step 2 of its ladder, over network/)
    assert.equal((await post('/rungs/versions/1/retire')).status, 200)
  })

  it('are drafted from others, checked, and numbered', async () => {
    const { status, policy } = await post('', { name: 'hurry', from: 'fastest@1', priority: 50, when: { channels: ['api'] } })
    assert.deepEqual([status, states(policy), policy.versions[0]?.weights['perUnitDay']], [201, '1 draft', 100_000])
    const wrong = await post('', { name: 'hurry', weights: { money: 0 }, when: { minTotal: 2, maxTotal: 1 } })
    assert.deepEqual([wrong.status, wrong.fault.code], [422, 'policy_invalid'])
    assert.deepEqual(
      wrong.fault.errors?.map(({ pointer, code }) => [pointer, code]),
      [
        ['/weights', 'nothing_weighed'],
        ['/when/minTotal', 'matches_nothing'],
      ],
    )
    assert.match(wrong.fault.detail, /give at least one/)
    assert.equal((await post('', { name: 'hurry', wieghts: {} })).status, 400)
    const lost = await post('', { name: 'hurry', ladder: [{ filters: { warehouses: ['MAN', 'MNA'] } }] })
    assert.deepEqual(
      [lost.status, lost.fault.errors?.[0]?.pointer, lost.fault.errors?.[0]?.code],
      [422, '/ladder/0/filters/warehouses/1', 'warehouse_unknown'],
    )
    assert.equal((await post('', { name: 'copy', from: 'nobody' })).fault.code, 'policy_not_found')
    assert.equal((await post('', { name: 'copy', from: 'hurry@9' })).fault.code, 'policy_not_found')
  })

  it('run in shadow: orders go on as before, and the difference is counted', async () => {
    const hasty = { name: 'cheapest', from: 'fastest', priority: 1000, when: {} }
    assert.equal(states((await post('', hasty)).policy), '1 live,2 draft')
    assert.equal(states((await post('/cheapest/versions/2/shadow')).policy), '1 live,2 shadow')
    assert.deepEqual(await place('standard'), ['cheapest@1', 'MAN'])
    await waybill.shop.sourcing.shadows.settled()
    await waybill.shop.sourcing.shadows.flush()
    const shadow = (await get('cheapest')).versions[1]?.shadow
    assert.deepEqual([shadow?.['orders'], shadow?.['differently'], shadow?.['unfilledDifference']], [1, 1, 0])
    assert.ok((shadow?.['costDifference'] ?? 0) > 0, JSON.stringify(shadow))
  })

  it('go live in one step, and back', async () => {
    assert.equal(states((await post('/cheapest/versions/2/live')).policy), '1 retired,2 live')
    assert.deepEqual(await place('standard'), ['cheapest@2', 'GLA'])
    assert.equal(states((await post('/cheapest/versions/2/roll-back')).policy), '1 live,2 retired')
    assert.deepEqual(await place('standard'), ['cheapest@1', 'MAN'])
  })

  it('refuse a step that cannot be', async () => {
    const back = await post('/cheapest/versions/2/roll-back')
    assert.deepEqual([back.status, back.fault.code], [409, 'policy_step_not_allowed'])
    assert.equal((await post('/cheapest/versions/1/shadow')).fault.code, 'policy_step_not_allowed')
    assert.equal((await post('/cheapest/versions/1/roll-back')).fault.code, 'policy_no_predecessor')
    assert.deepEqual(
      [(await post('/cheapest/versions/9/live')).status, (await waybill.ask('GET', '/v1/policies/nobody')).status],
      [404, 404],
    )
    assert.equal(states((await post('/hurry/versions/1/retire')).policy), '1 retired')
  })

  it('want a key, and make one version of it', async () => {
    const headers = { 'idempotency-key': 'policies-once' }
    const first = await post('', { name: 'once' }, headers)
    const again = await post('', { name: 'once' }, headers)
    assert.deepEqual([states(first.policy), states(again.policy)], ['1 draft', '1 draft'])
    assert.equal((await post('', { name: 'once' }, { 'idempotency-key': '' })).status, 400)
  })

  it('keep their history as events that fold to what is there', async () => {
    const client = await waybill.shop.database.client()
    try {
      const { rows } = await client.query<{ said: string }>(
        `select concat_ws(' ', body ->> 'version', body ->> 'to') as said from platform.journal
          where type = 'PolicyChanged' and body ->> 'policy' = 'cheapest' order by version`,
      )
      assert.deepEqual(
        rows.map(({ said }) => said),
        ['1 live', '2 draft', '2 shadow', '1 retired', '2 live', '2 retired', '1 live'],
      )
    } finally {
      await client.end()
    }
    await waybill.shop.settled()
    assert.deepEqual((await verifyShop(waybill.shop)).differences, [])
  })
})
