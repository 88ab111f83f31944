/** The repositories of fulfilment and shipping, in memory and on PostgreSQL: the same answers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fulfilmentOrder } from '../../src/fulfilment/fulfilment-order.ts'
import { transfer } from '../../src/fulfilment/transfer.ts'
import { type Change, type Decider, fold, isRefusal, type Refusal } from '../../src/kernel/decider.ts'
import type { Place } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import { idAt } from '../../src/platform/ids.ts'
import { Aborted } from '../../src/platform/store/work.ts'
import { parcel } from '../../src/shipping/parcel.ts'
import { anOrder, type Harness, harnesses, leeds, units, york } from './fulfilment-harness.ts'

const at = instant(Date.parse('2026-11-21T10:00:00Z'))
const changed = <Command, Event, State, Reason extends string>(
  { initial, decide, evolve }: Decider<Command, Event, State, Reason>,
  ...commands: readonly Command[]
): Change<Event, State> => {
  let state = initial
  const events: Event[] = []
  for (const command of commands) {
    const decided: readonly Event[] | Refusal<Reason> = decide(command, state)
    assert.ok(!isRefusal(decided))
    events.push(...decided)
    state = fold(evolve, state, decided)
  }
  return { id: idAt(Date.now()), version: events.length, state, events }
}
const work = (order = anOrder(), place: Place = leeds) =>
  changed(fulfilmentOrder, {
    do: 'plan' as const,
    order,
    number: 1,
    place,
    lines: [units(0, 2, place)],
    held: false,
    at,
    country: 'GB',
    postalCode: 'LS1',
    shippingMethod: 'standard',
    addressPending: false,
  })
const announced = (order = anOrder(), carrier = 'simulated') =>
  changed(
    parcel,
    {
      do: 'announce' as const,
      order,
      number: 1,
      fulfilment: anOrder(),
      place: leeds,
      carrier,
      service: 'standard',
      at,
      weightGrams: 500,
      lines: [],
      country: 'GB',
      postalCode: 'LS1',
      held: false,
      waitsForAddress: false,
    },
    { do: 'label', tracking: `T${carrier}${order}`, labelUrl: 'l', trackingUrl: 't', at },
  )

for (const [name, start] of Object.entries(harnesses)) {
  describe(`The repositories in ${name}`, () => {
    let on: Harness
    before(async () => {
      on = await start()
    })
    after(() => on.close())

    it('keep work, and find it by order, warehouse and status', async () => {
      const { fulfilments } = on.stores.fulfilment
      const order = anOrder()
      const changes = [work(order), work(order, york), work()]
      await on.batches.batch(async (batch) => batch.add(fulfilments.save(changes)))
      const [first, second, third] = changes.map(({ id }) => id)
      assert.deepEqual((await fulfilments.get([first ?? ''])).get(first ?? ''), { version: 2, state: changes[0]?.state })
      const ids = async (filter: Parameters<typeof fulfilments.list>[0], limit = 10, last?: string) =>
        (await fulfilments.list(filter, { limit, after: last })).map(({ id }) => id)
      assert.deepEqual(await ids({ order }), [second, first])
      assert.deepEqual(await ids({ order, places: [york] }), [second])
      assert.deepEqual(await ids({ places: [leeds], statuses: ['released'] }), [third, first])
      assert.deepEqual(await ids({ places: [leeds] }, 1), [third])
      assert.deepEqual(await ids({ places: [leeds] }, 1, third), [first])
      assert.deepEqual(await ids({ statuses: ['packed'] }), [])
      const locked = await on.batches.batch(async (batch) =>
        fulfilments.lock(batch, await fulfilments.idsBy(batch, 'order_id', [order])),
      )
      assert.deepEqual(new Set(locked.keys()), new Set([first, second]))
    })

    it('find transfers at both of their ends', async () => {
      const { transfers } = on.stores.fulfilment
      const change = changed(transfer, { do: 'request', from: york, to: leeds, lines: [units(0, 1)], at })
      await on.batches.batch(async (batch) => batch.add(transfers.save([change])))
      for (const place of [york, leeds]) {
        assert.deepEqual(
          (await transfers.list({ place, statuses: ['requested'] }, { limit: 9 })).map(({ id }) => id),
          [change.id],
        )
      }
      assert.deepEqual(await transfers.list({ place: 'hull' as Place }, { limit: 9 }), [])
      assert.deepEqual(await transfers.list({ order: anOrder() }, { limit: 9 }), [])
    })

    it('keep parcels, and find them by order, carrier and tracking number', async () => {
      const { parcels } = on.stores.shipping
      const order = anOrder()
      const [mine, other] = [announced(order), announced(anOrder(), 'rival')]
      await on.batches.batch(async (batch) => batch.add(parcels.save([mine, other])))
      const ids = async (filter: Parameters<typeof parcels.list>[0]) =>
        (await parcels.list(filter, { limit: 9 })).map(({ id }) => id)
      assert.deepEqual(await ids({ order }), [mine.id])
      assert.deepEqual(await ids({ carrier: 'rival', statuses: ['label_created'], place: leeds }), [other.id])
      assert.deepEqual(await ids({ carrier: 'rival', statuses: ['delivered'] }), [])
      const found = await on.batches.batch((batch) => parcels.idsBy(batch, 'tracking', [`Tsimulated${order}`]))
      assert.deepEqual(found, [mine.id])
    })

    it('keep an id of news once', async () => {
      const { inbox } = on.stores.shipping
      const row = { carrier: 'simulated', id: 'evt_1', tracking: 'T', receivedAt: at, body: { note: 'a "quoted" \\ line\n' } }
      await on.batches.batch(async (batch) => batch.add(inbox.keep([row])))
      const seen = await on.batches.batch((batch) => inbox.seen(batch, 'simulated', ['evt_1', 'evt_2']))
      assert.deepEqual([...seen], ['evt_1'])
      assert.equal((await on.batches.batch((batch) => inbox.seen(batch, 'rival', ['evt_1']))).size, 0)
      await assert.rejects(
        on.batches.batch(async (batch) => batch.add(inbox.keep([row]))),
        Aborted,
      )
    })

    it('make a secret once', async () => {
      const { secrets } = on.stores.shipping
      assert.equal(await secrets.get('one', () => 'first'), 'first')
      assert.equal(await secrets.get('one', () => 'second'), 'first')
    })

    it('keep a simulated shipment as it was first made', async () => {
      const { simulated } = on.stores.shipping
      const shipment = {
        tracking: 'SIM1A',
        parcel: idAt(Date.now()),
        number: 7,
        place: 'leeds',
        service: 'standard',
        weightGrams: 500,
        country: 'GB',
        postalCode: 'LS1',
        cancelled: false,
      }
      await simulated.put(shipment)
      await simulated.put({ ...shipment, weightGrams: 1 })
      assert.deepEqual(await simulated.get('SIM1A'), shipment)
      await simulated.cancel('SIM1A')
      assert.equal((await simulated.get('SIM1A'))?.cancelled, true)
    })
  })
}
