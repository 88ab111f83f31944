import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseInstance } from './instance.ts'
import { solve, sourceInstanceText } from './solve.ts'

const good = {
  n: 2,
  W: 2,
  qty: [2, 1],
  grams: [145, 400],
  stock: [
    [2, 0],
    [0, 1],
  ],
  incoming: [[], []],
  lanes: [{ from: 1, to: 0, fixed: 100, perKg: 20, days: 1 }],
  shadow: null,
  wh: ['a', 'b'].map((id) => ({
    id,
    pick: 50,
    perUnit: 5,
    load: 0,
    ready0: 0,
    noHub: false,
    services: [{ id: 'std', base: 400, perKg: 50, days: 2, arr: null, tariff: null }],
  })),
  pol: { perDay: 0, late: 0, promiseDay: 5, split: 0, unfilled: [null, null], transfers: true, backorder: false },
}

describe('Reading an instance', () => {
  it('answers one line of text with one line of text', () => {
    assert.deepEqual(JSON.parse(sourceInstanceText(JSON.stringify(good))), {
      // 400 + 50 carriage and pick, 15 goods handled, lane 100 + 8, weight 15 (14.5 rounds up) + 20.
      cost: 608,
      parcels: 1,
      optimal: true,
      gap: 0,
      shipments: [
        {
          hub: 'a',
          service: 'std',
          day: 1,
          arrives: 3,
          lines: [
            { line: 0, quantity: 2, from: 'a', day: 0, kind: 'stock', lot: null },
            { line: 1, quantity: 1, from: 'b', day: 1, kind: 'transfer', lot: null },
          ],
          cost: 608,
        },
      ],
      unfilled: [],
    })
  })

  it('answers without a cost when a line that must be served has no units', () => {
    const none = {
      ...good,
      stock: [
        [0, 1],
        [0, 1],
      ],
    }
    assert.deepEqual(solve(parseInstance(JSON.stringify(none))), {
      cost: null,
      parcels: 0,
      optimal: true,
      gap: 0,
      shipments: [],
      unfilled: [0, 1],
    })
  })

  const site = good.wh[0]
  const service = site?.services[0]
  const withService = (change: object) => ({ ...good, wh: [{ ...site, services: [{ ...service, ...change }] }, good.wh[1]] })
  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['no object', [], /^instance: must be an object/],
    ['no lines', { ...good, n: 0 }, /^n: must lie between 1 and 2000/],
    ['a row too short', { ...good, stock: [[1], [0, 1]] }, /^stock\[0\]: must have 2 entries, has 1/],
    ['half a unit', { ...good, qty: [1.5, 1] }, /^qty\[0\]: must be a whole number/],
    ['a lot nowhere', { ...good, incoming: [[{ w: 2, day: 1, qty: 1 }], []] }, /^incoming\[0\]\[0\]\.w: must lie between 0 and 1/],
    ['a lane to nowhere', { ...good, lanes: [{ from: 0, to: 9, fixed: 0, perKg: 0, days: 0 }] }, /^lanes\[0\]\.to/],
    ['a negative price', withService({ base: -1 }), /^wh\[0\]\.services\[0\]\.base: must lie between 0/],
    [
      'a tariff without end',
      withService({ tariff: [{ upToGrams: 500, cents: 1 }] }),
      /^wh\[0\]\.services\[0\]\.tariff: the last step must be open/,
    ],
    [
      'a tariff out of order',
      withService({
        tariff: [
          { upToGrams: 500, cents: 1 },
          { upToGrams: 400, cents: 1 },
          { upToGrams: null, cents: 1 },
        ],
      }),
      /tariff\[1\]\.upToGrams: must grow/,
    ],
    ['arrivals that run backwards', withService({ arr: [3, 2] }), /^wh\[0\]\.services\[0\]\.arr\[1\]: a parcel sent later/],
    ['the same warehouse twice', { ...good, wh: [site, site] }, /^wh\[1\]\.id: a is there twice/],
    ['no policy', { ...good, pol: undefined }, /^pol: must be an object/],
    ['a wrong permission', { ...good, pol: { ...good.pol, transfers: 1 } }, /^pol\.transfers: must be true or false/],
  ]
  for (const [name, value, message] of bad) {
    it(`refuses ${name}, naming the field`, () =>
      assert.throws(() => parseInstance(JSON.stringify(value)), { name: 'InstanceError', message }))
  }
  it('refuses what is no JSON', () =>
    assert.throws(() => parseInstance('{'), { name: 'InstanceError', message: /^instance: not JSON/ }))
})
