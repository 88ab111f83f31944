/** Fulfilment and shipping together, on both stores: from the request to assemble to the door. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fulfilmentOrder } from '../../src/fulfilment/fulfilment-order.ts'
import { transfer } from '../../src/fulfilment/transfer.ts'
import { type Decider, fold, isRefusal } from '../../src/kernel/decider.ts'
import type { OrderId } from '../../src/kernel/ids.ts'
import type { LineUnits } from '../../src/orders/contract.ts'
import type { StreamStore } from '../../src/platform/streams/store.ts'
import { parcel } from '../../src/shipping/parcel.ts'
import {
  anOrder,
  assembling,
  firstOf,
  type Harness,
  harnesses,
  leeds,
  parcelsOf,
  requested,
  units,
  worksOf,
  york,
} from './fulfilment-harness.ts'

/** What the tests look into, of whatever answers. */
type Answered = Readonly<{
  id: string
  status: string
  actions: readonly string[]
  data: readonly Readonly<{ id: string; status: string; lines: readonly unknown[] }>[]
  page: Readonly<{ next: string }>
  outstanding: unknown
  blockedBy: readonly string[]
  postalCode: string
}>
type Folding<Event, State> = Pick<Decider<never, Event, State, never>, 'initial' | 'evolve'>
const staff = { actor: 'owner:owner' }
const destination = { country: 'GB', postalCode: 'M1', latitude: 0, longitude: 0 }

for (const [name, start] of Object.entries(harnesses)) {
  describe(`Fulfilment and shipping in ${name}`, () => {
    let on: Harness
    before(async () => {
      on = await start()
    })
    after(() => on.close())
    const statuses = async (order: OrderId) => (await worksOf(on, order)).map(({ status }) => status)
    const workOf = async (order: OrderId) => firstOf(await worksOf(on, order)).id
    const ok = async (who: string, request: string, body?: object) => {
      const reply = await on.call(who, request, body)
      assert.ok(reply.statusCode < 300, reply.body)
      const answer: Answered = reply.json()
      return answer
    }
    const inOrder = async (order: OrderId, lines: readonly LineUnits[] | 'all') =>
      on.batches.batch(async (work) => {
        const session = await on.fulfilment.service.cancelWithin(work, [{ order, lines }])
        const { blocked } = session.check({ order, lines })
        const taken = blocked.length > 0 ? [] : session.apply({ order, lines }, 'customer_request')
        await session.finish()
        return { blocked, taken }
      })

    it('brings an order to the door over HTTP', async () => {
      const order = await assembling(on, [units(0, 2), units(1, 1)])
      const id = await workOf(order)
      assert.deepEqual((await ok('leeds', `GET /v1/fulfilment-orders/${id}`)).actions, ['pick', 'short'])
      const list = await on.call('leeds', `GET /v1/fulfilment-orders/${id}/pick-list`, undefined, { accept: 'text/plain' })
      assert.match(list.body, /2 x sku0/)
      await ok('leeds', `POST /v1/fulfilment-orders/${id}/pick`)
      const packed = await ok('leeds', `POST /v1/fulfilment-orders/${id}/pack`, {
        parcels: [
          {
            weightGrams: 900,
            lines: [
              { line: 0, quantity: 2 },
              { line: 1, quantity: 1 },
            ],
          },
        ],
      })
      assert.equal(packed.status, 'packed')
      await on.settle()
      const sent = firstOf(await parcelsOf(on, order))
      assert.match(sent.tracking ?? '', /^SIM1[0-9A-F]{14}$/)
      const label = await on.call('leeds', `GET /v1/parcels/${sent.id}/label`)
      assert.match(label.body, new RegExp(`${sent.tracking}[^]*Ann &lt;b&gt;Kowalski`))
      const waiting = await on.call('partner', 'GET /v1/carriers/simulated/manifest', undefined, { accept: 'text/plain' })
      assert.match(waiting.body, new RegExp(sent.tracking ?? 'none'))
      await ok('partner', `POST /v1/parcels/${sent.id}/track`, { status: 'picked_up' })
      await on.settle()
      assert.deepEqual(await statuses(order), ['collected'])
      await ok('partner', `POST /v1/parcels/${sent.id}/track`, { status: 'failed_attempt' })
      await ok('partner', `POST /v1/parcels/${sent.id}/track`, { status: 'delivered' })
      await on.settle()
      assert.deepEqual(await statuses(order), ['delivered'])
      assert.equal(firstOf(await parcelsOf(on, order)).attempts, 2)
      const seen = await on.call('', `GET /v1/carriers/simulated/track/${sent.tracking}`)
      assert.deepEqual(seen.json(), { trackingNumber: sent.tracking, carrier: 'simulated', status: 'delivered', attempts: 2 })
    })

    it('releases a consolidated order only when its transfer is in (A7)', async () => {
      const order = await assembling(on, [units(0, 1), units(1, 1, york, 'transfer')])
      assert.deepEqual(await statuses(order), ['awaiting_transfer'])
      const transfer = firstOf((await ok('york', `GET /v1/transfers?order=${order}`)).data)
      assert.equal((await on.call('leeds', `POST /v1/transfers/${transfer.id}/send`)).statusCode, 403)
      assert.equal((await on.call('leeds', `POST /v1/transfers/${transfer.id}/receive`)).statusCode, 409)
      await ok('york', `POST /v1/transfers/${transfer.id}/send`)
      await on.settle()
      assert.deepEqual(await statuses(order), ['awaiting_transfer'])
      await ok('leeds', `POST /v1/transfers/${transfer.id}/receive`)
      await on.settle()
      assert.deepEqual(await statuses(order), ['released'])
    })

    it('goes on with the rest when the sender has not got it', async () => {
      const order = await assembling(on, [units(0, 1), units(1, 1, york, 'transfer')])
      const transfer = firstOf((await ok('york', `GET /v1/transfers?order=${order}`)).data)
      await ok('york', `POST /v1/transfers/${transfer.id}/decline`)
      await on.settle()
      assert.deepEqual(await statuses(order), ['released'])
      assert.deepEqual(
        firstOf(await worksOf(on, order)).lines.map(({ line }) => line),
        [0],
      )
    })

    it('is short when all that travelled is lost', async () => {
      const order = await assembling(on, [units(1, 2, york, 'transfer')])
      const transfer = firstOf((await ok('york', `GET /v1/transfers?order=${order}`)).data)
      await ok('york', `POST /v1/transfers/${transfer.id}/send`)
      await ok('leeds', `POST /v1/transfers/${transfer.id}/receive`, { damaged: [{ line: 1, quantity: 1 }], close: true })
      await on.settle()
      assert.deepEqual(await statuses(order), ['short'])
    })

    it('is released by supply, and brings supply over that came in elsewhere', async () => {
      const order = await assembling(on, [units(0, 3, leeds, 'backorder')])
      assert.deepEqual(await statuses(order), ['awaiting_stock'])
      await on.publish(order, {
        type: 'BackorderFilled',
        fills: [
          { line: 0, quantity: 1, place: leeds },
          { line: 0, quantity: 2, place: york },
        ],
      } as never)
      await on.settle()
      assert.deepEqual(await statuses(order), ['awaiting_transfer'])
      const { data } = await ok('york', `GET /v1/transfers?order=${order}`)
      assert.deepEqual(
        data.flatMap(({ lines }) => lines),
        [{ line: 0, sku: 'sku0', quantity: 2, received: 0, damaged: 0, missing: 0 }],
      )
    })

    it('lets go what will not come, and no other unit', async () => {
      const order = await assembling(on, [units(0, 3, leeds, 'backorder'), units(1, 2)])
      await on.publish(order, { type: 'BackorderFilled', fills: [{ line: 0, quantity: 1, place: leeds }] } as never)
      await on.publish(order, { type: 'WaitEnded', lines: [{ line: 0, quantity: 2 }] } as never)
      await on.settle()
      assert.deepEqual(await statuses(order), ['released'])
    })

    it('parts what is there from what waits, once, when the customer says so', async () => {
      const order = await assembling(on, [units(0, 3, leeds, 'backorder'), units(1, 2)])
      for (const choice of ['wait', 'split', 'split']) await on.publish(order, { type: 'ChoiceMade', choice } as never)
      await on.settle()
      assert.deepEqual((await statuses(order)).sort(), ['awaiting_stock', 'released'])
    })

    it('remembers supply that came before the work was planned', async () => {
      const order = anOrder()
      const fills = [{ line: 0, quantity: 2, place: leeds }]
      await on.publish(order, { type: 'BackorderFilled', fills } as never)
      await on.settle()
      await on.publish(order, requested([units(0, 2, leeds, 'backorder')]))
      await on.settle()
      assert.deepEqual(await statuses(order), ['released'])
    })

    it('makes a further fulfilment order of a second request for the same place', async () => {
      const order = await assembling(on, [units(0, 1)])
      await on.publish(order, requested([units(1, 1)]))
      await on.settle()
      assert.deepEqual(await statuses(order), ['released', 'released'])
    })

    it('keeps held work from the warehouse, and packed parcels from the carrier', async () => {
      const order = await assembling(on, [units(0, 1)])
      const id = await workOf(order)
      const hold = (blocks: string) => ({ type: 'HoldPlaced', hold: 'h', kind: 'fraud', blocks, by: 'x' }) as never
      const release = { type: 'HoldReleased', hold: 'h', kind: 'fraud', releaseBlocked: false, collectionBlocked: false } as never
      await on.publish(order, hold('release'))
      await on.settle()
      assert.deepEqual(await statuses(order), ['planned'])
      assert.equal((await on.call('leeds', `POST /v1/fulfilment-orders/${id}/pick`)).json().code, 'fulfilment_held')
      await on.publish(order, release)
      await on.settle()
      await on.fulfilment.service.assembleAll(order, staff)
      await on.publish(order, hold('collection'))
      await on.settle()
      const sent = firstOf(await parcelsOf(on, order))
      assert.deepEqual((await ok('owner', `GET /v1/parcels/${sent.id}`)).blockedBy, ['hold'])
      const refused = await on.shipping.service.handOver(order, staff)
      assert.ok(isRefusal(refused))
      assert.equal(refused.refused, 'collection_blocked')
      await on.publish(order, release)
      await on.settle()
      assert.ok(!isRefusal(await on.shipping.service.handOver(order, staff)))
    })

    it('assembles and hands over in one go, before its own reactions ran (B: PUT SHIPPED)', async () => {
      const order = await assembling(on, [units(0, 2)])
      const assembled = await on.fulfilment.service.assembleAll(order, staff)
      assert.ok(!isRefusal(assembled))
      const handed = await on.shipping.service.handOver(order, staff, assembled.packed)
      assert.ok(!isRefusal(handed))
      assert.deepEqual(
        handed.parcels.map(({ status }) => status),
        ['picked_up'],
      )
      await on.settle()
      assert.deepEqual(await statuses(order), ['collected'])
      assert.equal((await parcelsOf(on, order)).length, 1)
      const again = await on.fulfilment.service.assembleAll(order, staff)
      assert.deepEqual(again, { packed: [] })
      assert.ok(!isRefusal(await on.shipping.service.markDelivered(order, staff)))
      await on.settle()
      assert.deepEqual(await statuses(order), ['delivered'])
    })

    it('does not assemble while a transfer or a backorder is open', async () => {
      const order = await assembling(on, [units(0, 2, leeds, 'backorder')])
      const refused = await on.fulfilment.service.assembleAll(order, staff)
      assert.ok(isRefusal(refused))
      assert.equal(refused.refused, 'not_assembled_yet')
      const nothing = await on.shipping.service.markDelivered(order, staff)
      assert.ok(isRefusal(nothing))
      assert.equal(nothing.refused, 'no_parcels')
    })

    it('says where cancelled units were, and calls off what was not sent', async () => {
      const order = await assembling(on, [units(0, 2), units(1, 3, york, 'transfer')])
      const { taken } = await inOrder(order, [{ line: 1, quantity: 3 }])
      assert.deepEqual(taken, [{ line: 1, sku: 'sku1', quantity: 3, at: 'york', state: 'sending' }])
      await on.publish(order, {
        type: 'UnitsCancelled',
        reason: 'x',
        lines: [{ line: 1, quantity: 3 }],
        totals: {},
        refund: 'auto',
      } as never)
      await on.settle()
      assert.deepEqual(await statuses(order), ['released'])
      assert.deepEqual(
        (await ok('york', `GET /v1/transfers?order=${order}`)).data.map(({ status }) => status),
        ['cancelled'],
      )
    })

    it('takes a cancelled unit once, though its fact comes through the journal as well', async () => {
      const order = await assembling(on, [units(0, 3)])
      const lines = [{ line: 0, quantity: 1 }]
      await inOrder(order, lines)
      await on.publish(order, { type: 'UnitsCancelled', reason: 'x', lines, totals: {}, refund: 'auto' } as never)
      await on.settle()
      assert.deepEqual(
        firstOf(await worksOf(on, order)).lines.map(({ quantity }) => quantity),
        [2],
      )
    })

    it('takes units that were cancelled while their work was being planned', async () => {
      const order = anOrder()
      const { taken } = await inOrder(order, [{ line: 0, quantity: 1 }])
      assert.deepEqual(taken, [])
      await on.publish(order, requested([units(0, 3)]), {
        type: 'UnitsCancelled',
        reason: 'x',
        lines: [{ line: 0, quantity: 1 }],
        totals: {},
        refund: 'auto',
      } as never)
      await on.settle()
      assert.deepEqual(
        firstOf(await worksOf(on, order)).lines.map(({ quantity }) => quantity),
        [2],
      )
    })

    it('vetoes what the carrier has, also before its news came here', async () => {
      const order = await assembling(on, [units(0, 2)])
      await on.fulfilment.service.assembleAll(order, staff)
      await on.settle()
      await on.shipping.service.handOver(order, staff)
      assert.deepEqual(await inOrder(order, 'all'), { blocked: [{ line: 0, quantity: 2 }], taken: [] })
      await on.settle()
      assert.deepEqual(await statuses(order), ['collected'])
    })

    it('opens a packed parcel when a part of it is cancelled, and announces it again', async () => {
      const order = await assembling(on, [units(0, 2)])
      await on.fulfilment.service.assembleAll(order, staff)
      await on.settle()
      const { taken } = await inOrder(order, [{ line: 0, quantity: 1 }])
      assert.deepEqual(taken, [{ line: 0, sku: 'sku0', quantity: 1, at: 'leeds', state: 'shelf' }])
      await on.settle()
      assert.deepEqual(await statuses(order), ['picking'])
      const id = await workOf(order)
      assert.deepEqual((await ok('leeds', `GET /v1/fulfilment-orders/${id}`)).actions, ['pack', 'put_back'])
      await ok('leeds', `POST /v1/fulfilment-orders/${id}/put-back`)
      await ok('leeds', `POST /v1/fulfilment-orders/${id}/pack`)
      await on.settle()
      assert.deepEqual(
        (await parcelsOf(on, order)).map(({ status }) => status),
        ['cancelled', 'label_created'],
      )
    })

    it('ends all work of a cancelled order', async () => {
      const order = await assembling(on, [units(0, 2), units(1, 1, york, 'transfer')])
      await on.publish(order, { type: 'OrderCancelled', reason: 'payment_failed', refund: 'none' } as never)
      await on.settle()
      assert.deepEqual(await statuses(order), ['cancelled'])
    })

    it('carries a changed address to the parcel', async () => {
      const order = await assembling(on, [units(0, 1)])
      await on.publish(order, { type: 'AddressChanged', contact: 'c', destination, by: 'x' } as never)
      await on.settle()
      await on.fulfilment.service.assembleAll(order, staff)
      await on.settle()
      assert.equal((await ok('owner', `GET /v1/parcels/${firstOf(await parcelsOf(on, order)).id}`)).postalCode, 'M1')
    })

    it('moves stock without an order', async () => {
      const made = await ok('york', 'POST /v1/transfers', { from: 'york', to: 'leeds', lines: [{ sku: 'sku7', quantity: 5 }] })
      assert.deepEqual(made.actions, ['send', 'decline'])
      await ok('york', `POST /v1/transfers/${made.id}/send`)
      const part = await ok('leeds', `POST /v1/transfers/${made.id}/receive`, { lines: [{ line: 0, quantity: 2 }] })
      assert.deepEqual(part.outstanding, [{ line: 0, quantity: 3 }])
      assert.equal((await ok('leeds', `POST /v1/transfers/${made.id}/receive`)).status, 'received')
    })

    it('pages through a warehouse and shows nobody the other one', async () => {
      const place = `GET /v1/fulfilment-orders?place=leeds&status=released,planned&limit=1`
      await assembling(on, [units(0, 1)])
      await assembling(on, [units(0, 1)])
      const first = await ok('leeds', place)
      const second = await ok('leeds', `${place}&after=${first.page.next}`)
      assert.notEqual(firstOf(first.data).id, firstOf(second.data).id)
      assert.equal((await on.call('york', place)).statusCode, 403)
      assert.equal((await on.call('york', `GET /v1/fulfilment-orders/${firstOf(first.data).id}`)).statusCode, 403)
      assert.equal((await on.call('owner', 'GET /v1/fulfilment-orders?status=lost')).statusCode, 400)
      assert.equal((await on.call('owner', 'GET /v1/fulfilment-orders?after=nonsense')).statusCode, 400)
    })

    it('asks for a key, keeps its answer, and heeds the version seen', async () => {
      const order = await assembling(on, [units(0, 2)])
      const path = `/v1/fulfilment-orders/${await workOf(order)}/pick`
      const headers = { authorization: 'Bearer leeds', 'content-type': 'application/json' }
      const payload = JSON.stringify({ lines: [{ line: 0, quantity: 1 }] })
      assert.equal((await on.app.inject({ method: 'POST', url: path, headers, payload })).json().code, 'idempotency_key_required')
      const keyed = { ...headers, 'idempotency-key': `once-${name}` }
      const first = await on.app.inject({ method: 'POST', url: path, headers: keyed, payload })
      const again = await on.app.inject({ method: 'POST', url: path, headers: keyed, payload })
      assert.deepEqual([first.json().lines, again.json().lines], [first.json().lines, first.json().lines])
      assert.equal(again.headers['idempotent-replayed'], 'true')
      const late = await on.call('leeds', `POST ${path}`, { lines: [{ line: 0, quantity: 1 }] }, { 'if-match': '"v1"' })
      assert.equal(late.statusCode, 412)
      const unknown = await on.call('leeds', `POST ${path}`, { lines: [{ line: 0, quantity: 1, why: 1 }] })
      assert.equal(unknown.statusCode, 400)
    })

    it('has states that are the fold of their histories, whatever happened above', async () => {
      const streams = new Map<string, { type: string }[]>()
      for (const { stream, ...event } of await on.events()) streams.set(stream, [...(streams.get(stream) ?? []), event])
      const compare = async <Event, State>(
        store: StreamStore<State>,
        { initial, evolve }: Folding<Event, State>,
      ): Promise<number> => {
        const rows = await store.get([...streams.keys()])
        for (const [id, { version, state }] of rows) {
          const events = streams.get(id) ?? []
          assert.equal(version, events.length)
          const folded = fold(evolve, initial, events as Event[])
          assert.deepEqual(JSON.parse(JSON.stringify(folded)), JSON.parse(JSON.stringify(state)))
        }
        return rows.size
      }
      assert.ok((await compare(on.stores.fulfilment.fulfilments, fulfilmentOrder)) > 10)
      assert.ok((await compare(on.stores.fulfilment.transfers, transfer)) > 3)
      assert.ok((await compare(on.stores.shipping.parcels, parcel)) > 5)
    })
  })
}
