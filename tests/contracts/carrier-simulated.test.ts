import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { OrderId } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { signatureHeader, signatureOf, SimulatedCarrier, storyOf, trackingOf } from '../../src/shipping/adapters/simulated.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { MemoryBatches } from '../../src/platform/store/memory.ts'
import { createShipping } from '../../src/shipping/room.ts'
import { memoryShippingStores } from '../../src/shipping/store.memory.ts'
import { carrierSuite } from './carrier.ts'
import { assembling, firstOf, type Harness, harnesses, parcelsOf, secret, units, worksOf } from './fulfilment-harness.ts'

carrierSuite('simulated', () => {
  const carrier = new SimulatedCarrier({
    shipments: memoryShippingStores().simulated,
    secret,
    baseUrl: () => 'http://shop.example',
  })
  return Promise.resolve({
    carrier,
    webhook: (trackingNumber, id) => {
      const body = JSON.stringify({ id, trackingNumber, status: 'picked_up', at: '2026-11-21T10:00:00Z' })
      return { body, headers: { [signatureHeader]: signatureOf(body, secret) } }
    },
  })
})

describe("The simulated carrier's secret", () => {
  it('is made and kept where the environment brings none, or an empty one', async () => {
    const stores = memoryShippingStores()
    const made = await Promise.all(
      ['', ' ', undefined].map(async (given) => {
        const room = await createShipping({
          batches: new MemoryBatches(),
          records: new MemoryRecords(),
          stores,
          baseUrl: () => 'http://shop.example',
          committed: () => undefined,
          now: () => instant(Date.now()),
          simulated: { secret: given },
        })
        return room.simulated.secret
      }),
    )
    assert.equal(new Set(made).size, 1)
    assert.ok((made[0] ?? '').length >= 43)
  })
})

describe("The simulated carrier's tracking numbers", () => {
  const parcel = '01932f00-0000-7000-8000-0123456789ab'
  const ends = (service: string) => storyOf(trackingOf(parcel, service)).at(-1)?.status
  it('tell how their story ends', () => {
    assert.equal(ends('standard'), 'delivered')
    assert.equal(ends('standard-failed-attempt'), 'delivered')
    assert.equal(ends('standard-returned'), 'returned_to_sender')
    assert.equal(ends('express-lost'), 'exception')
    assert.equal(ends('pickup-point'), 'delivered')
  })
  it('belong to their parcel', () => assert.equal(trackingOf(parcel, 'standard'), 'SIM1000123456789AB'))
})

for (const [name, start] of Object.entries(harnesses)) {
  describe(`The simulated carrier's webhooks in ${name}`, () => {
    let on: Harness
    before(async () => {
      on = await start()
    })
    after(() => on.close())
    let sent = 0
    const labelled = async (): Promise<Readonly<{ order: OrderId; tracking: string }>> => {
      const order = await assembling(on, [units(0, 1)])
      await on.fulfilment.service.assembleAll(order, { actor: 'test' })
      await on.settle()
      return { order, tracking: firstOf(await parcelsOf(on, order)).tracking ?? 'none' }
    }
    const post = (body: string, signature = signatureOf(body, secret)) =>
      on.app.inject({
        method: 'POST',
        url: '/v1/webhooks/carriers/simulated',
        headers: { 'content-type': 'application/json', [signatureHeader]: signature },
        payload: body,
      })
    const tell = (trackingNumber: string, status: string, minutes = 0, id = `evt_${++sent}`) =>
      post(JSON.stringify({ id, trackingNumber, status, at: instant(Date.now() - 3_600_000 + minutes * 60_000) }))
    const parcelOf = async (order: OrderId) => firstOf(await parcelsOf(on, order))

    it('carry an order to the door', async () => {
      const { order, tracking } = await labelled()
      for (const [minutes, status] of [
        'picked_up',
        'in_transit',
        'out_for_delivery',
        'failed_attempt',
        'out_for_delivery',
        'delivered',
      ].entries())
        assert.deepEqual((await tell(tracking, status, minutes)).json(), { received: true, duplicate: false })
      await on.settle()
      assert.equal(firstOf(await worksOf(on, order)).status, 'delivered')
      assert.equal((await parcelOf(order)).attempts, 2)
      const facts = (await on.events()).filter(({ stream }) => stream === '' || stream !== order).map(({ type }) => type)
      assert.ok(facts.indexOf('ParcelCollected') < facts.indexOf('ParcelMoved'))
    })

    it('with an id that came before do nothing', async () => {
      const { order, tracking } = await labelled()
      await tell(tracking, 'picked_up', 1, `same-${name}`)
      assert.deepEqual((await tell(tracking, 'delivered', 2, `same-${name}`)).json(), { received: true, duplicate: true })
      assert.equal((await parcelOf(order)).status, 'picked_up')
    })

    it('sent twice at once count once', async () => {
      const { order, tracking } = await labelled()
      const replies = await Promise.all([1, 2, 3].map(() => tell(tracking, 'failed_attempt', 1, `twice-${name}`)))
      assert.equal(replies.filter((reply) => reply.json().duplicate === false).length, 1)
      assert.equal((await parcelOf(order)).attempts, 1)
    })

    it('that come late never move a parcel back', async () => {
      const { order, tracking } = await labelled()
      await tell(tracking, 'delivered', 9)
      await tell(tracking, 'picked_up', 1)
      await tell(tracking, 'failed_attempt', 5)
      const { status, attempts } = await parcelOf(order)
      assert.deepEqual([status, attempts], ['delivered', 2])
    })

    it('that were tampered with are refused', async () => {
      const { order, tracking } = await labelled()
      const body = JSON.stringify({ id: 'evt_x', trackingNumber: tracking, status: 'in_transit' })
      const reply = await post(body.replace('in_transit', 'delivered'), signatureOf(body, secret))
      assert.deepEqual([reply.statusCode, reply.json().code], [401, 'signature_invalid'])
      assert.equal((await post(body, signatureOf(body, 'another secret'))).statusCode, 401)
      assert.equal((await parcelOf(order)).status, 'label_created')
    })

    it('that make no sense are refused, whatever they are', async () => {
      const { tracking } = await labelled()
      const bodies = [
        '[]',
        'null',
        '"x"',
        '{}',
        JSON.stringify({ id: 'e', trackingNumber: tracking, status: 'teleported' }),
        JSON.stringify({ id: 'e', trackingNumber: tracking, status: 'delivered', at: 'soon' }),
      ]
      for (const body of bodies) {
        const reply = await post(body)
        assert.deepEqual([reply.statusCode, reply.json().code], [400, 'body_invalid'], body)
      }
      assert.equal((await post('{')).statusCode, 400)
    })

    it('about an unknown number are asked for again', async () => {
      const reply = await tell('SIM1NOWHERE', 'delivered')
      assert.deepEqual([reply.statusCode, reply.json().code, reply.json().retryable], [404, 'tracking_unknown', true])
    })

    it('from an unknown carrier are nobody`s', async () => {
      const reply = await on.app.inject({ method: 'POST', url: '/v1/webhooks/carriers/nobody', payload: {} })
      assert.equal(reply.json().code, 'carrier_not_found')
    })

    it('have a secret that only the owner reads', async () => {
      const told = (await on.call('owner', 'GET /v1/carriers/simulated')).json()
      assert.equal(told.secret, secret)
      assert.equal(told.webhookUrl, 'http://shop.example/v1/webhooks/carriers/simulated')
      assert.equal((await on.call('leeds', 'GET /v1/carriers/simulated')).statusCode, 403)
    })

    it('show a partner his own parcels only', async () => {
      const { order } = await labelled()
      const { id } = await parcelOf(order)
      assert.equal((await on.call('rival', `GET /v1/parcels/${id}`)).statusCode, 404)
      assert.deepEqual((await on.call('rival', `GET /v1/orders/${order}/parcels`)).json().data, [])
      assert.deepEqual((await on.call('rival', 'GET /v1/parcels')).json().data, [])
      assert.equal((await on.call('rival', `POST /v1/parcels/${id}/track`, { status: 'delivered' })).statusCode, 404)
      assert.equal((await on.call('rival', 'GET /v1/carriers/simulated/manifest')).statusCode, 403)
      assert.equal((await on.call('partner', `GET /v1/orders/${order}/parcels`)).json().data.length, 1)
      assert.equal((await on.call('ann', `GET /v1/parcels/${id}`)).statusCode, 403)
    })
  })

  describe(`The simulated carrier that plays by itself in ${name}`, () => {
    let on: Harness
    before(async () => {
      on = await start({ mode: 'auto', paceSeconds: 0 })
    })
    after(() => on.close())
    for (const [method, status, attempts] of [
      ['standard', 'delivered', 1],
      ['standard-failed-attempt', 'delivered', 2],
      ['standard-returned', 'returned_to_sender', 3],
      ['standard-lost', 'exception', 0],
      ['standard-found', 'delivered', 1],
    ] as const) {
      it(`brings ${method} to ${status}`, async () => {
        const order = await assembling(on, [units(0, 1)], { shippingMethod: method })
        await on.fulfilment.service.assembleAll(order, { actor: 'test' })
        await on.settle()
        const parcel = firstOf(await parcelsOf(on, order))
        assert.deepEqual([parcel.status, parcel.attempts], [status, attempts])
      })
    }
  })

  describe(`A carrier that needs an address, in ${name}`, () => {
    it('hears of a parcel when the address has come', async () => {
      const simulated = new SimulatedCarrier({
        shipments: memoryShippingStores().simulated,
        secret,
        baseUrl: () => 'http://c.example',
      })
      let asked = 0
      const carrier = {
        name: 'strict',
        needsAddress: true,
        quote: simulated.quote.bind(simulated),
        cancel: simulated.cancel.bind(simulated),
        label: simulated.label.bind(simulated),
        parseWebhook: simulated.parseWebhook.bind(simulated),
        createShipment: (shipment: Parameters<SimulatedCarrier['createShipment']>[0]) => {
          asked += 1
          assert.equal(shipment.postalCode, 'M1')
          return simulated.createShipment(shipment)
        },
      }
      const on = await start({ carriers: [carrier] })
      try {
        const pending = { country: 'GB', postalCode: 'LS1', latitude: 0, longitude: 0, pending: true }
        const order = await assembling(on, [units(0, 1)], { destination: pending })
        await on.fulfilment.service.assembleAll(order, { actor: 'test' })
        await on.settle()
        // T3: it is packed, and only its hand-over waits.
        assert.equal(firstOf(await worksOf(on, order)).status, 'packed')
        const { id } = firstOf(await parcelsOf(on, order))
        assert.deepEqual((await on.call('owner', `GET /v1/parcels/${id}`)).json().blockedBy, ['address_missing'])
        assert.equal(asked, 0)
        await on.publish(order, {
          type: 'AddressChanged',
          contact: 'c',
          destination: { ...pending, postalCode: 'M1', pending: false },
          by: 'x',
        } as never)
        await on.settle()
        assert.equal(asked, 1)
        assert.equal(typeof firstOf(await parcelsOf(on, order)).tracking, 'string')
      } finally {
        await on.close()
      }
    })
  })
}
