/** A shopper asks when it would come, and orders by that answer: the day and the price of delivery hold, or he is told why not. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { LatenessStore } from '../../src/insights/lateness-store.ts'
import type { Day, Place } from '../../src/kernel/ids.ts'
import { addDays } from '../../src/kernel/time.ts'
import { signCursor, signFor } from '../../src/platform/http/cursors.ts'
import { defaults } from '../../src/sourcing/contract.ts'
import type { Answered } from '../support/waybill.ts'
import { SmallShop } from '../support/shop.ts'

type Json = Readonly<Record<string, unknown>>
type Promised = Readonly<{
  token: string
  expiresAt: string
  promise: Readonly<{ earliest: Day; latest: Day; confidence: string }>
  shipping: Readonly<{ amount: number; currency: string }>
  totals: Readonly<{ subtotal: number; shipping: number; total: number; currency: string }>
  parcels: readonly Readonly<{ place: string; dispatch: Day; arrives: Day; lines: readonly Json[] }>[]
  cutOff: string
  steps: readonly string[]
  unavailable: readonly Json[]
}>
type Ordered = Readonly<{ id: string; promise: Json; totals: Promised['totals']; status: string }>

const home = { country: 'GB', postalCode: 'LS1 4AP' }
const everyDay = [1, 2, 3, 4, 5, 6, 7]
/** Hours away from any cut-off, whatever the time: a plan must not turn over while a test runs. */
const cutOffHoursAway = 6
const quietCutOff = (): string => {
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' }).format(new Date()),
  )
  return `${String((hour + cutOffHoursAway) % 24).padStart(2, '0')}:00`
}

const open = async (environment: Readonly<Record<string, string>> = {}): Promise<SmallShop> => {
  const shop = await SmallShop.open(environment)
  for (const [id, name, postalCode] of [
    ['leeds', 'Leeds', 'LS1'],
    ['york', 'Aberdeen', 'AB10'],
  ]) {
    const place = {
      name,
      country: 'GB',
      postalCode,
      cutOff: quietCutOff(),
      timeZone: 'Europe/London',
      workdays: everyDay,
      holidays: null,
    }
    assert.equal((await shop.waybill.ask('PUT', `/v1/warehouses/${id}`, place)).status, 200)
  }
  // Every day is a working day, so that it does not matter on which one this runs; what is moved takes three.
  await shop.waybill.shop.warehouses.setTariffs({
    delivery: [{ ...defaults.delivery, pickupDays: everyDay, deliveryDays: everyDay, holidays: false }],
    transfer: { ...defaults.transfer, transit: [{ upToKm: null, days: 3 }] },
  })
  return shop
}

const ask = (shop: SmallShop, lines: readonly Json[], more: Json = {}): Promise<Answered> =>
  shop.waybill.ask('POST', '/v1/promises', { lines, shippingAddress: home, ...more })
const promised = async (shop: SmallShop, sku: string, quantity = 1, more: Json = {}): Promise<Promised> => {
  const { status, body } = await ask(shop, [{ sku, quantity }], more)
  assert.equal(status, 200, JSON.stringify(body))
  return body as Promised
}
const ordered = ({ status, body }: Answered): Ordered => {
  assert.equal(status, 201, JSON.stringify(body))
  return body as Ordered
}
const refused = ({ status, body }: Answered, expected: number, code: string): Json => {
  assert.deepEqual([status, (body as Json)['code']], [expected, code], JSON.stringify(body))
  return body as Json
}
/** All orders; the list is filled by a reaction, so it is waited for. */
const ordersOf = async (shop: SmallShop): Promise<number> => {
  await shop.waybill.shop.settled()
  return ((await shop.waybill.ask('GET', '/v1/orders?limit=200')).body as { data: unknown[] }).data.length
}

describe('A promise before ordering', () => {
  let shop: SmallShop
  before(async () => {
    shop = await open()
  })
  after(() => shop.close())

  it('says the day, the price of delivery, the parcels, and what the order would come to', async () => {
    await shop.stock('kettle', 5)
    const { promise, shipping, totals, parcels, steps, unavailable, expiresAt, cutOff } = await promised(shop, 'kettle', 2)
    assert.deepEqual([shipping, totals.subtotal, totals.total, unavailable], [{ amount: 0, currency: 'GBP' }, 1_000, 1_000, []])
    assert.deepEqual(
      parcels.map(({ place, lines }) => [place, lines]),
      [['leeds', [{ sku: 'kettle', quantity: 2, from: 'leeds', kind: 'stock' }]]],
    )
    assert.equal(promise.confidence, 'in_stock')
    assert.equal(promise.latest, parcels[0]?.arrives)
    assert.deepEqual(steps, [`the parcel leaves leeds on ${parcels[0]?.dispatch}`, `the parcel arrives on ${parcels[0]?.arrives}`])
    const livesMs = Date.parse(expiresAt) - Date.now()
    assert.ok(livesMs > 800_000 && livesMs < 1_000_000, `it lives ${livesMs} ms`)
    assert.ok(Date.parse(cutOff) > Date.now() && Date.parse(cutOff) - Date.now() < 86_400_000, cutOff)
  })

  it('reserves nothing and saves nothing', async () => {
    await shop.stock('teapot', 3)
    const before = await ordersOf(shop)
    await promised(shop, 'teapot', 3)
    await promised(shop, 'teapot', 3)
    assert.deepEqual([await shop.free('teapot'), await ordersOf(shop)], [3, before])
  })

  it('is what an order without it is told', async () => {
    await shop.stock('ladle', 5)
    const { promise } = await promised(shop, 'ladle')
    const { promise: told } = ordered(await shop.place([{ sku: 'ladle', quantity: 1 }]))
    assert.deepEqual([told['latest'], told['confidence']], [promise.latest, promise.confidence])
  })

  it('is refused like an order: sold out, unknown, undeliverable, malformed', async () => {
    await shop.stock('rare', 1)
    const short = refused(await ask(shop, [{ sku: 'rare', quantity: 2 }]), 409, 'insufficient_stock')
    assert.deepEqual(
      short['errors'],
      refused(await shop.place([{ sku: 'rare', quantity: 2 }]), 409, 'insufficient_stock')['errors'],
    )
    refused(await ask(shop, [{ sku: 'nothing', quantity: 1 }]), 422, 'product_unknown')
    refused(await ask(shop, [{ sku: 'rare', quantity: 1 }], { shippingAddress: { country: 'XX' } }), 422, 'address_undeliverable')
    refused(await ask(shop, [{ sku: 'rare', quantity: 1 }], { shippingMethod: 'pigeon' }), 422, 'shipping_method_unknown')
    refused(await ask(shop, [{ sku: 'rare', quantity: 1 }], { promotionCodes: ['NONE'] }), 422, 'promotion_unknown')
    refused(await ask(shop, []), 400, 'invalid_request')
    refused(await ask(shop, [{ sku: 'rare', quantity: 0 }]), 400, 'invalid_request')
    refused(await ask(shop, [{ sku: 'rare', quantity: 1 }], { surprise: true }), 400, 'invalid_request')
    refused(await shop.waybill.ask('POST', '/v1/promises', { lines: [{ sku: 'rare', quantity: 1 }] }), 400, 'invalid_request')
    refused(await shop.waybill.ask('POST', '/v1/promises', { lines: [] }, { key: null }), 401, 'unauthenticated')
  })

  it('names what would be left out, and waits for supply where both sides allow it', async () => {
    await shop.stock('cup', 2)
    await shop.stock('saucer', 0, { whenSoldOut: 'backorder' })
    const both = [
      { sku: 'cup', quantity: 1 },
      { sku: 'saucer', quantity: 4 },
    ]
    const { body } = await ask(shop, both, { onShortage: 'cancelLine' })
    assert.deepEqual((body as Promised).unavailable, [{ sku: 'saucer', quantity: 4 }])
    assert.equal((body as Promised).totals.total, 500)
    refused(await ask(shop, [{ sku: 'saucer', quantity: 1 }], { onShortage: 'cancelLine' }), 409, 'insufficient_stock')
    refused(await ask(shop, both, { onShortage: 'backorder' }), 409, 'insufficient_stock')
    const day = addDays(new Date().toISOString().slice(0, 10) as Day, 20)
    const supply = await shop.waybill.ask('POST', '/v1/supplies', { sku: 'saucer', warehouse: 'leeds', quantity: 4, day })
    assert.equal(supply.status, 201, JSON.stringify(supply.body))
    const later = await promised(shop, 'saucer', 4, { onShortage: 'backorder' })
    assert.equal(later.promise.confidence, 'backorder')
    assert.ok(later.promise.latest > day)
    assert.deepEqual(
      later.parcels.flatMap(({ lines }) => lines.map(({ kind }) => kind)),
      ['backorder'],
    )
    ordered(await shop.place([{ sku: 'saucer', quantity: 4 }], { onShortage: 'backorder' }))
    refused(await ask(shop, [{ sku: 'saucer', quantity: 1 }], { onShortage: 'backorder' }), 409, 'insufficient_stock')
  })

  it('shares one read of stock among two hundred product pages', async () => {
    await shop.stock('bestseller', 50)
    const { promises, database } = shop.waybill.shop
    await promised(shop, 'bestseller')
    const [asked, reads] = [promises.counts.asked, promises.counts.reads]
    const read = database.read.bind(database)
    const statements: string[] = []
    database.read = (text, ...rest) => {
      statements.push(text)
      return read(text, ...rest)
    }
    try {
      const answers = await Promise.all(
        Array.from({ length: 200 }, () =>
          promises.ask({
            dialect: 'v1',
            channel: 'web',
            source: 'Web',
            address: home,
            lines: [{ sku: 'bestseller', quantity: 1 }],
            promotionCodes: [],
            onShortage: 'refuse',
            shippingMethod: 'standard',
            terms: 'prepaid',
            capture: 'placement',
            origin: { actor: 'test' },
          }),
        ),
      )
      assert.ok(answers.every((answer) => 'token' in answer))
    } finally {
      database.read = read
    }
    assert.deepEqual([promises.counts.asked - asked, promises.counts.reads - reads], [200, 1])
    assert.equal(statements.filter((text) => text.includes('inventory.levels')).length, 1)
    assert.ok(statements.length < 20, statements.join('\n'))
  })
})

describe('An order by its promise', () => {
  let shop: SmallShop
  before(async () => {
    shop = await open()
    await shop.stock('lamp', 100)
  })
  after(() => shop.close())
  const tariff = (price: number): Promise<void> =>
    shop.waybill.shop.catalog.saveShippingMethod({ code: 'standard', name: 'Standard delivery', price, currency: 'GBP' })

  it('pays the delivery it was promised, whatever the tariff says since, and keeps the promised day', async () => {
    await tariff(295)
    const { token, promise, shipping } = await promised(shop, 'lamp', 2)
    assert.equal(shipping.amount, 295)
    await tariff(995)
    const { id, promise: told, totals } = ordered(await shop.place([{ sku: 'lamp', quantity: 2 }], { promise: token }))
    assert.deepEqual([totals.shipping, totals.total, told['latest']], [295, 1_295, promise.latest])
    assert.equal(ordered(await shop.place([{ sku: 'lamp', quantity: 2 }])).totals.shipping, 995)
    assert.equal((await promised(shop, 'lamp', 2)).shipping.amount, 995)
    const { body } = await shop.waybill.ask('GET', `/v1/orders/${id}/events`)
    const [placed] = (body as { data: { event: Json }[] }).data
    assert.equal(placed?.event['promised'], promise.latest)
    await tariff(0)
  })

  it('takes the same basket in another order, and the same neighbourhood in another spelling', async () => {
    await shop.stock('shade', 10)
    const { body } = await ask(shop, [
      { sku: 'lamp', quantity: 2 },
      { sku: 'shade', quantity: 1 },
    ])
    const lines = [
      { sku: 'shade', quantity: 1 },
      { sku: 'lamp', quantity: 1 },
      { sku: 'lamp', quantity: 1 },
    ]
    const shippingAddress = { country: 'GB', postalCode: 'LS1 9ZZ', lines: ['2 Low St'] }
    ordered(await shop.place(lines, { promise: (body as Promised).token, shippingAddress }))
  })

  it('is refused for another order, and told what differs', async () => {
    const { token } = await promised(shop, 'lamp')
    const pointers = async (answer: Promise<Answered>): Promise<readonly unknown[]> =>
      (refused(await answer, 422, 'promise_mismatch')['errors'] as Json[]).map(({ pointer }) => pointer)
    assert.deepEqual(await pointers(shop.place([{ sku: 'lamp', quantity: 2 }], { promise: token })), ['/lines'])
    const abroad = { shippingAddress: { country: 'FR', postalCode: '75001' }, promise: token }
    assert.deepEqual(await pointers(shop.place([{ sku: 'lamp', quantity: 1 }], abroad)), [
      '/shippingAddress/country',
      '/shippingAddress/postalCode',
    ])
    assert.deepEqual(await pointers(shop.place([{ sku: 'lamp', quantity: 1 }], { promise: token, channel: 'shop' })), ['/channel'])
  })

  it('is refused where the token is not ours', async () => {
    const { token } = await promised(shop, 'lamp')
    const [payload = '', signature = ''] = token.split('.')
    const text = Buffer.from(payload, 'base64url').toString()
    const cheaper = Buffer.from(text.replace(/,0,/, ',-500,')).toString('base64url')
    assert.notEqual(cheaper, payload)
    for (const forged of [
      `${cheaper}.${signature}`,
      `${token}x`,
      payload,
      'x',
      '.',
      signCursor(text),
      signFor('something else', text),
    ])
      refused(await shop.place([{ sku: 'lamp', quantity: 1 }], { promise: forged }), 400, 'promise_invalid')
    const before = await shop.free('lamp')
    ordered(await shop.place([{ sku: 'lamp', quantity: 1 }], { promise: token }))
    assert.equal(await shop.free('lamp'), before - 1)
  })

  it('is refused when that day can no longer be kept, with what can, and nothing is saved', async () => {
    await shop.stock('vase', 1)
    const receipt = { sku: 'vase', warehouse: 'york', quantity: 5 }
    assert.equal((await shop.waybill.ask('POST', '/v1/stock/receipts', receipt)).status, 201)
    const { token, promise, parcels } = await promised(shop, 'vase')
    assert.deepEqual(
      parcels.map(({ place }) => place),
      ['leeds'],
    )
    ordered(await shop.place([{ sku: 'vase', quantity: 1 }]))
    const [orders, free] = [await ordersOf(shop), await shop.free('vase')]
    const problem = refused(await shop.place([{ sku: 'vase', quantity: 1 }], { promise: token }), 409, 'promise_not_kept')
    const fresh = problem['promise'] as Promised
    assert.equal(problem['promised'], promise.latest)
    assert.ok(fresh.promise.latest > promise.latest)
    assert.equal(problem['possible'], fresh.promise.latest)
    assert.deepEqual([await ordersOf(shop), await shop.free('vase')], [orders, free])
    ordered(await shop.place([{ sku: 'vase', quantity: 1 }], { promise: fresh.token }))
  })

  it('is sent another, dearer way where only that keeps the day, and says so', async () => {
    const { warehouses } = shop.waybill.shop
    const near = warehouses.all.find(({ id }) => id === 'leeds')
    await warehouses.save(near === undefined ? [] : [{ ...near, id: 'dear' as Place, name: 'Dear', pickCents: 4_000 }])
    await shop.stock('bowl', 1)
    for (const warehouse of ['york', 'dear'])
      assert.equal((await shop.waybill.ask('POST', '/v1/stock/receipts', { sku: 'bowl', warehouse, quantity: 5 })).status, 201)
    const { token, promise } = await promised(shop, 'bowl')
    type Sent = Ordered & Readonly<{ fulfilments: readonly Readonly<{ warehouse: string }>[] }>
    const sentFrom = async (more: Json): Promise<readonly [Sent, readonly string[]]> => {
      const order = ordered(await shop.place([{ sku: 'bowl', quantity: 1 }], more)) as Sent
      return [order, order.fulfilments.map(({ warehouse }) => warehouse)]
    }
    assert.deepEqual((await sentFrom({}))[1], ['leeds'])
    assert.deepEqual((await sentFrom({}))[1], ['york'])
    const [order, places] = await sentFrom({ promise: token })
    assert.deepEqual([places, order.promise['latest'], order.promise['expected']], [['dear'], promise.latest, promise.latest])
    const { body } = await shop.waybill.ask('GET', `/v1/orders/${order.id}/why`)
    const [decision] = (body as { decisions: Json[] }).decisions
    assert.deepEqual([decision?.['policy'], decision?.['reproduced']], ['fastest@1', true])
  })

  it('is refused as sold out when nothing is left', async () => {
    await shop.stock('last', 1)
    const { token } = await promised(shop, 'last')
    ordered(await shop.place([{ sku: 'last', quantity: 1 }]))
    refused(await shop.place([{ sku: 'last', quantity: 1 }], { promise: token }), 409, 'insufficient_stock')
  })

  it('keeps all of a hundred promises that compete for ten units, or says so', async () => {
    await shop.stock('ten', 10)
    const { token } = await promised(shop, 'ten')
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => shop.place([{ sku: 'ten', quantity: 1 }], { promise: token })),
    )
    const counts = Map.groupBy(answers, ({ status }) => status)
    assert.deepEqual([counts.get(201)?.length, counts.get(409)?.length], [10, 90])
    assert.equal(await shop.free('ten'), 0)
  })
})

describe('A promise that has expired', () => {
  let shop: SmallShop
  before(async () => {
    shop = await open({ WAYBILL_PROMISE_TTL: '1' })
    await shop.stock('lamp', 10)
  })
  after(() => shop.close())

  it('is no longer taken, but an order that was placed by it is answered again', async () => {
    const { token, expiresAt } = await promised(shop, 'lamp')
    const key = { 'idempotency-key': crypto.randomUUID() }
    const first = ordered(await shop.place([{ sku: 'lamp', quantity: 1 }], { promise: token }, key))
    while (shop.waybill.shop.now() <= expiresAt) await new Promise((resolve) => setTimeout(resolve, 50))
    refused(await shop.place([{ sku: 'lamp', quantity: 1 }], { promise: token }), 409, 'promise_expired')
    const again = await shop.place([{ sku: 'lamp', quantity: 1 }], { promise: token }, key)
    assert.deepEqual([ordered(again).id, again.headers.get('idempotent-replayed')], [first.id, 'true'])
  })
})

describe('Promises on a lane that is late', () => {
  let shop: SmallShop
  before(async () => {
    shop = await open()
    await shop.stock('lamp', 10)
  })
  after(() => shop.close())

  it('allow for them, alike before the order and without one', async () => {
    const { database, lateness, now } = shop.waybill.shop
    const { promise: first } = await promised(shop, 'lamp')
    const lane = { place: 'leeds' as Place, service: 'standard', country: 'GB', month: `${now().slice(0, 7)}-01` as Day }
    const store = new LatenessStore(database)
    await database.batch(async (work) => {
      work.add(store.add([3, 0].map((days) => ({ ...lane, days, deliveries: 20, onTime: days === 0 ? 20 : 0 }))))
      await Promise.resolve()
    })
    await lateness.read()
    const { promise, token, steps } = await promised(shop, 'lamp')
    assert.deepEqual([promise.earliest, promise.latest], [first.latest, addDays(first.latest, 3)])
    assert.match(steps.at(-1) ?? '', /^promised for /)
    for (const more of [{}, { promise: token }]) {
      const { promise: told } = ordered(await shop.place([{ sku: 'lamp', quantity: 1 }], more))
      assert.deepEqual([told['earliest'], told['latest'], told['expected']], [promise.earliest, promise.latest, promise.earliest])
    }
    const { month: _month, ...shown } = lane
    const { body } = await shop.waybill.ask('GET', '/v1/insights/lateness')
    assert.deepEqual((body as { lanes: unknown }).lanes, [
      { ...shown, deliveries: 40, onTimeRate: 0.5, bufferDays: 3, from: 'lane', alarm: 'late', pinballLoss: 0.15 },
    ])
  })

  it('learn from every parcel that is delivered here', async () => {
    const { id } = ordered(await shop.place([{ sku: 'lamp', quantity: 2 }], { paymentTerms: 'on_account' }))
    await shop.work(id, 'released')
    for (const status of ['SHIPPED', 'DELIVERED'])
      assert.equal((await shop.waybill.ask('PUT', `/orders/${id}`, { status })).status, 200)
    await shop.waybill.shop.settled()
    const { body } = await shop.waybill.ask('GET', '/v1/insights/lateness')
    const [leeds] = (body as { lanes: Json[] }).lanes
    assert.deepEqual([leeds?.['deliveries'], leeds?.['onTimeRate']], [41, 0.5122])
  })
})
