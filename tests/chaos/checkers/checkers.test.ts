/** Every checker against made-up histories: it finds nothing in a good one, and what is wrong in each bad one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Asked } from '../history.ts'
import { checkers } from './all.ts'
import { badEndings } from './bad-endings.ts'
import { again, type Bad, fail, invoke, level, ok, only, received, row, seen, session, well } from './example.ts'

const other: Asked = { does: 'place', key: 'order 2', says: 'body-9' }
const changed: Asked = { does: 'place', key: 'order 1', says: 'another body' }
const second = { key: 'order 2', order: 'order-b' }
const kept = { id: 'payment-a', order: 'order-a', currency: 'GBP', captured: 500, refunded: 0 }

const bad: Readonly<Record<string, Bad>> = {
  ...badEndings,
  orders: {
    'an acknowledged order is gone': [well({ final: { orders: [], keys: [] } }), /lost: order order-a/],
    'one of two acknowledged orders is gone': [
      well({ entries: [invoke(8, 60, other), ok(8, 61, { id: 'order-b', about: other })] }),
      /lost: order order-b/,
    ],
    'its row is gone and its key is not': [
      well({ final: { orders: [] } }),
      /the key "order 1" names order order-a, which is not there/,
    ],
    'an order is there that nobody asked for': [
      well({ final: { orders: [row(), row({ id: 'order-b' })] } }),
      /unexplained: order order-b/,
    ],
    'an order is there under a key that nobody sent': [
      well({
        final: {
          orders: [row(), row({ id: 'order-b' })],
          keys: [
            { key: 'order 1', order: 'order-a' },
            { key: 'order 7', order: 'order-b' },
          ],
        },
      }),
      /"order 7" that nobody sent/,
    ],
    'an order belongs to another key than the one it was acknowledged for': [
      well({ final: { keys: [{ key: 'order 2', order: 'order-a' }] } }),
      /acknowledged for "order 1" and belongs to "order 2"/,
    ],
    'who was refused has an order': [
      well({
        entries: [invoke(8, 60, other), fail(8, 61, 'insufficient_stock', other)],
        final: { orders: [row(), row({ id: 'order-b' })], keys: [{ key: 'order 1', order: 'order-a' }, second] },
      }),
      /"order 2" was refused each time, and has order order-b/,
    ],
    'who was refused twice has an order': [
      well({
        entries: [
          invoke(8, 60, other),
          fail(8, 61, 'insufficient_stock', other),
          invoke(9, 62, other),
          fail(9, 63, 'insufficient_stock', other),
        ],
        final: { orders: [row(), row({ id: 'order-b' })], keys: [{ key: 'order 1', order: 'order-a' }, second] },
      }),
      /"order 2" was refused each time/,
    ],
    'what was acknowledged afterwards is gone': [
      well({ entries: [invoke(8, 90, again), ok(8, 91, { id: 'order-z', about: again })] }),
      /lost: order order-z/,
    ],
    'the first of two answers named an order that is gone': [
      only([invoke(1, 1), ok(1, 2, { id: 'order-y' }), invoke(2, 3), ok(2, 4, { replayed: true })]),
      /lost: order order-y/,
    ],
  },
  keys: {
    'two answers name two orders': [
      only([invoke(1, 1), ok(1, 2), invoke(2, 3), ok(2, 4, { id: 'order-b', replayed: true })]),
      /doubled: "order 1" was answered with order-a and order-b/,
    ],
    'at once, two answers name two orders': [only([invoke(1, 1), invoke(2, 1), ok(1, 2), ok(2, 3, { id: 'order-b' })]), /doubled/],
    'afterwards another order is named': [
      only([invoke(1, 1), ok(1, 2), invoke(2, 90, again), ok(2, 91, { id: 'order-c', replayed: true, about: again })]),
      /order-a and order-c/,
    ],
    'a key names two orders': [
      well({
        final: {
          keys: [
            { key: 'order 1', order: 'order-a' },
            { key: 'order 1', order: 'order-b' },
          ],
        },
      }),
      /doubled: the key "order 1" made order-a and order-b/,
    ],
    'two keys name one order': [
      well({
        final: {
          keys: [
            { key: 'order 1', order: 'order-a' },
            { key: 'order 2', order: 'order-a' },
          ],
        },
      }),
      /order order-a has the keys order 1 and order 2/,
    ],
    'an order has no key': [well({ final: { orders: [row(), row({ id: 'order-b' })] } }), /order order-b has no key/],
    'another body was taken': [
      only([invoke(1, 1), ok(1, 2), invoke(2, 3, changed), ok(2, 4, { replayed: true, about: changed })]),
      /2 different bodies/,
    ],
    'another body was taken at once': [
      only([invoke(1, 1), invoke(2, 1, changed), ok(1, 2), ok(2, 2, { about: changed })]),
      /2 different bodies/,
    ],
    'who asked again was told that it is new': [only([invoke(1, 1), ok(1, 2), invoke(2, 3), ok(2, 4)]), /was made again/],
    'who asked again after a kill was told that it is new': [
      only([invoke(1, 1), ok(1, 2), invoke(2, 90, again), ok(2, 91, { about: again })]),
      /was made again/,
    ],
    'a receipt was booked twice': [
      only([
        invoke(3, 1, received),
        ok(3, 2, { id: 'one', about: received }),
        invoke(4, 3, received),
        ok(4, 4, { id: 'two', about: received }),
      ]),
      /doubled: "supply 1"/,
    ],
  },
  oversold: {
    'more is reserved than is there': [only([seen([level({ reserved: 11, held: 11 })])]), /oversold/],
    'nothing is there and one is reserved': [only([seen([level({ onHand: 0, reserved: 1, held: 1 })])]), /oversold/],
    'less than nothing is there': [only([seen([level({ onHand: -1, reserved: 0, held: 0 })])]), /below nothing/],
    'less than nothing is reserved': [only([seen([level({ reserved: -1, held: -1 })])]), /below nothing/],
    'less than nothing is on its way': [only([seen([level({ inTransit: -2 })])]), /below nothing/],
    'less than nothing is damaged': [only([seen([level({ damaged: -1 })])]), /below nothing/],
    'orders hold what is not reserved': [only([seen([level({ held: 3 })])]), /do not hold what is reserved/],
    'units are reserved for nobody': [only([seen([level({ held: 0 })])]), /do not hold what is reserved/],
    'orders hold more than there is': [only([seen([level({ held: 11 })])]), /hold more than there is/],
    'it was so in one state between two good ones': [
      only([seen([level()]), seen([level({ reserved: 12, held: 12 })]), seen([level()])]),
      /oversold/,
    ],
    'it is so at one of two places': [
      only([seen([level(), level({ place: 'york', onHand: 0, reserved: 1, held: 1 })])]),
      /mug in york/,
    ],
  },
  ledger: {
    'a unit is there without a movement': [only([seen([level({ onHand: 11 })])]), /onHand is 11, its movements come to 10/],
    'a reservation left no movement': [only([seen([level({ reserved: 3 })])]), /reserved is 3, its movements come to 2/],
    'units on their way left no movement': [only([seen([level({ inTransit: 1 })])]), /inTransit is 1/],
    'damaged units left no movement': [only([seen([level({ damaged: 4 })])]), /damaged is 4/],
    'a movement changed no level': [
      only([seen([level({ ledger: { onHand: 9, reserved: 2, inTransit: 0, damaged: 0 } })])]),
      /come to 9/,
    ],
    'units vanished on their way': [
      only([seen([level({ onHand: 8, ledger: { onHand: 8, reserved: 2, inTransit: 0, damaged: 0 } })])]),
      /10 came, 0 went, 8 are there/,
    ],
    'units appeared on their way': [
      only([
        seen([level(), level({ place: 'york', inTransit: 2, ledger: { onHand: 10, reserved: 2, inTransit: 2, damaged: 0 } })]),
      ]),
      /10 came, 0 went, 22 are there/,
    ],
    'units were shipped twice': [only([seen([level()], { cameIn: 10, wentOut: 2 })]), /10 came, 2 went, 10 are there/],
    'an acknowledged receipt is lost': [well({ final: { received: [] } }), /mug: 0 units were booked in; acknowledged were 10/],
    'a receipt is booked twice': [
      well({ final: { received: [{ sku: 'mug', units: 20 }] } }),
      /mug: 20 units were booked in; acknowledged were 10, asked for 10/,
    ],
    'a receipt that was refused is booked': [
      only([invoke(3, 1, received), fail(3, 2, 'warehouse_unknown', received)]),
      /10 units were booked in; acknowledged were 0, asked for 0/,
    ],
    'units came that nobody told of': [
      well({
        final: {
          received: [
            { sku: 'mug', units: 10 },
            { sku: 'cap', units: 1 },
          ],
        },
      }),
      /cap: 1 units were booked in/,
    ],
  },
  money: {
    'a buyer was charged twice': [
      well({
        final: {
          sessions: [
            session({
              captures: [
                { key: 'sale', amount: 500 },
                { key: 'sale', amount: 500 },
              ],
            }),
          ],
          payments: [{ ...kept, captured: 1_000 }],
        },
      }),
      /charged more than once/,
    ],
    'a parcel was charged twice': [
      well({
        final: {
          sessions: [
            session({
              captures: [
                { key: 'p1', amount: 200 },
                { key: 'p1', amount: 200 },
              ],
            }),
          ],
        },
      }),
      /captured twice under the key p1/,
    ],
    'a refund was made twice': [
      well({
        final: {
          sessions: [
            session({
              refunds: [
                { key: 'r1', amount: 100 },
                { key: 'r1', amount: 100 },
              ],
            }),
          ],
        },
      }),
      /refunded twice under the key r1/,
    ],
    'more was refunded than was taken': [
      well({ final: { sessions: [session({ refunds: [{ key: 'r1', amount: 501 }] })] } }),
      /refunded 501 of 500 captured/,
    ],
    'more was taken than authorised': [
      well({ final: { sessions: [session({ captures: [{ key: 'p1', amount: 501 }] })] } }),
      /captured 501 and voided 0 of 500/,
    ],
    'more was authorised than asked for': [well({ final: { sessions: [session({ authorized: 600 })] } }), /authorised 600 of 500/],
    'what was given back was taken after all': [well({ final: { sessions: [session({ voided: 100 })] } }), /voided 100 of 500/],
    'the provider took what we do not know of': [
      well({ final: { payments: [{ ...kept, captured: 0 }] } }),
      /the provider took 500, our money log says 0/,
    ],
    'we believe in a refund that was not made': [
      well({ final: { payments: [{ ...kept, refunded: 200 }] } }),
      /gave back 0, our money log says 200/,
    ],
    'the provider knows a payment that we do not': [well({ final: { payments: [] } }), /the provider has it, and we have not/],
    'two payments were kept for one order': [
      well({ final: { sessions: [session(), session({ payment: 'payment-b' })], payments: [kept, { ...kept, id: 'payment-b' }] } }),
      /1000 was kept for a total of 500/,
    ],
    'a cancelled order kept its money': [
      well({ final: { orders: [row({ phase: 'cancelled', status: 'cancelled' })] } }),
      /is over, nothing of it was sent, and 500 was kept/,
    ],
    'money of an order that is not there': [
      well({ final: { sessions: [session({ order: 'order-x' })] } }),
      /there is no such order/,
    ],
    'two currencies': [well({ final: { payments: [{ ...kept, currency: 'EUR' }] } }), /in GBP there, in EUR here/],
  },
}

for (const [name, check] of Object.entries(checkers)) {
  describe(`The checker of ${name}`, () => {
    const cases = Object.entries(bad[name] ?? {})
    it('finds nothing in a good history', () => assert.deepEqual(check(well()), []))
    it('has ten bad histories at least', () => assert.ok(cases.length >= 10, String(cases.length)))
    for (const [what, [evidence, says]] of cases)
      it(`finds that ${what}`, () => {
        const found = check(evidence).map(({ told }) => told)
        assert.ok(
          found.some((told) => says.test(told)),
          `${says.source} is not among:\n${found.join('\n')}`,
        )
      })
  })
}
