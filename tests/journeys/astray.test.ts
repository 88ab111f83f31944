/** A carrier has a parcel that was cancelled: it is shown until somebody has seen to it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyShop } from '../../src/cli/verify.ts'
import { SmallShop } from '../support/shop.ts'
import { eventually } from '../support/waybill.ts'

type Parcel = Readonly<{
  id: string
  tracking?: string
  status: string
  actions: readonly string[]
  astray?: Readonly<{ status: string; since: string }>
}>
type Stuck = Readonly<{ ref: string; orderId: string; reason: string; detail: string; waitsFor: string }>

describe('A parcel that its carrier took though it was cancelled', () => {
  let shop: SmallShop
  let order: string
  let parcel: Parcel
  const ask: SmallShop['waybill']['ask'] = (...asked) => shop.waybill.ask(...asked)
  const parcelNow = async (): Promise<Parcel> => (await ask('GET', `/v1/parcels/${parcel.id}`)).body as Parcel
  const astray = async (): Promise<readonly Stuck[]> =>
    ((await ask('GET', '/v1/stuck')).body as { data: Stuck[] }).data.filter(({ reason }) => reason === 'parcel_astray')
  const says = async (status: string): Promise<void> => {
    const { status: answered, body } = await ask('POST', `/v1/parcels/${parcel.id}/track`, { status })
    assert.equal(answered, 200, JSON.stringify(body))
  }

  before(async () => {
    shop = await SmallShop.open()
    await shop.stock('mug', 5)
    const placed = await shop.placed('mug', 1)
    order = placed.id
    await shop.pays(placed)
    const work = await eventually(shop.waybill, 'its work', async () =>
      ((await ask('GET', `/v1/fulfilment-orders?order=${order}`)).body as { data: { id: string; status: string }[] }).data.find(
        ({ status }) => status === 'released',
      ),
    )
    await shop.does('pick', work.id)
    await shop.does('pack', work.id)
    parcel = await eventually(shop.waybill, 'its label', async () =>
      ((await ask('GET', `/v1/orders/${order}/parcels`)).body as { data: Parcel[] }).data.find(
        ({ tracking }) => tracking !== undefined,
      ),
    )
    assert.equal((await ask('POST', `/v1/orders/${order}/cancel`, {})).status, 200)
    await shop.waybill.shop.settled()
  })
  after(() => shop.close())

  it('is not astray because it was cancelled, and nobody has anything to settle', async () => {
    const { status, astray: where, actions } = await parcelNow()
    assert.deepEqual([status, where, actions], ['cancelled', undefined, []])
    const { status: refused, body } = await ask('POST', `/v1/parcels/${parcel.id}/settle`, {})
    assert.deepEqual([refused, (body as { code: string }).code], [409, 'parcel_not_astray'])
    assert.deepEqual(await astray(), [])
  })

  it('is shown among what is stuck, once, with what its carrier says of it', async () => {
    await says('picked_up')
    await says('picked_up')
    const [row, ...more] = await astray()
    assert.deepEqual(more, [])
    assert.deepEqual([row?.ref, row?.orderId, row?.waitsFor], [`parcel:${parcel.id}`, order, 'warehouse'])
    assert.match(row?.detail ?? '', new RegExp(`parcel ${parcel.tracking} was cancelled, and simulated has it: picked_up`))
    await says('in_transit')
    assert.match((await astray())[0]?.detail ?? '', /in_transit/)
    const { status, astray: where, actions } = await parcelNow()
    assert.deepEqual([status, where?.status, actions], ['cancelled', 'in_transit', ['settle']])
  })

  it('is shown no more when somebody has seen to it, and again where its carrier says something new', async () => {
    const settled = await ask('POST', `/v1/parcels/${parcel.id}/settle`, { note: 'the driver brings it back tomorrow' })
    assert.equal(settled.status, 200, JSON.stringify(settled.body))
    assert.deepEqual(await astray(), [])
    await says('in_transit')
    assert.deepEqual(await astray(), [])
    await says('delivered')
    assert.match((await astray())[0]?.detail ?? '', /delivered/)
    assert.equal((await ask('POST', `/v1/parcels/${parcel.id}/settle`)).status, 200)
    assert.deepEqual(await astray(), [])
  })

  it('moves neither the order nor stock', async () => {
    const { body } = await ask('GET', `/v1/orders/${order}`)
    assert.equal((body as { status: string }).status, 'cancelled')
    await shop.waybill.shop.consumers.settle()
    assert.deepEqual((await verifyShop(shop.waybill.shop)).differences, [])
  })
})
