/** Made-up histories that end badly, and what is to be said of each. */
import type { EventRow, Evidence, OrderRow } from '../evidence.ts'
import type { Asked } from '../history.ts'
import { again, type Bad, event, fail, info, invoke, paidLife, received, row, well } from './example.ts'

const life = (...events: readonly EventRow[]): Evidence => well({ final: { events, orders: [row({ version: events.length })] } })
const lived = (more: Partial<OrderRow>, ...events: readonly EventRow[]): Evidence =>
  well({ final: { events, orders: [row({ version: events.length, ...more })] } })
const [placed, reserved, secured, paid] = paidLife as [EventRow, EventRow, EventRow, EventRow]
const cancelled = (version: number): EventRow => event('StatusChanged', version, { from: 'received', to: 'cancelled' })
const expired = (version: number, at: number): EventRow => event('OrderExpired', version, { at })
const message = { order: 'order-a', kind: 'placed by email', subject: '1', status: 'SENT', mails: 1 }
const stuck = { ref: 'dead_task:1', orderId: null, reason: 'dead_task', waitsFor: 'system', ageSeconds: 31, detail: 'a label' }
const asked = (does: Asked['does']): Asked => ({ does, key: 'a key', says: '' })

export const badEndings: Readonly<Record<string, Bad>> = {
  lives: {
    'an event is missing': [life(placed, secured, paid), /versions in the order of the journal are 1, 3, 4/],
    'an event is there twice': [life(placed, reserved, reserved, secured, paid), /versions in the order of the journal/],
    'events stand in the wrong order': [life(placed, secured, reserved, paid), /versions in the order of the journal/],
    'it begins in the middle': [
      life(event('StockReserved', 1), event('OrderSecured', 2), event('StatusChanged', 3, { from: 'received', to: 'paid' })),
      /its history begins with StockReserved/,
    ],
    'it was placed twice': [life(placed, event('OrderPlaced', 2), secured, paid), /placed more than once/],
    'it has no history': [well({ final: { events: [] } }), /has no history/],
    'its row is ahead of its history': [lived({ version: 5 }, ...paidLife), /at version 5 after 4 events/],
    'it went back': [
      life(
        placed,
        event('StatusChanged', 2, { from: 'received', to: 'ready' }),
        event('StatusChanged', 3, { from: 'ready', to: 'paid' }),
      ),
      /from ready to paid/,
    ],
    'it went on from where it was not': [
      life(placed, event('StatusChanged', 2, { from: 'ready', to: 'in_transit' })),
      /went from ready when it was received/,
    ],
    'it ended twice': [
      lived({ status: 'cancelled' }, placed, event('OrderCancelled', 2), cancelled(3), event('OrderCancelled', 4)),
      /OrderCancelled after its end/,
    ],
    'it was paid and expired': [
      lived({ status: 'paid' }, placed, reserved, secured, paid, expired(5, 1_100)),
      /expired although it was paid/,
    ],
    'it expired too early, by a wrong clock': [
      lived({ status: 'cancelled' }, placed, expired(2, 1_002), cancelled(3)),
      /expired after 1\.0 of 20 seconds/,
    ],
    'it came back without having been reopened': [
      lived(
        { status: 'paid' },
        placed,
        event('OrderCancelled', 2),
        cancelled(3),
        event('StatusChanged', 4, { from: 'cancelled', to: 'paid' }),
      ),
      /from cancelled to paid/,
    ],
    'its row says otherwise than its history': [
      lived({ status: 'completed' }, ...paidLife),
      /it is completed, its history ends with paid/,
    ],
    'units were set aside after its end': [
      lived({ status: 'cancelled' }, placed, event('OrderCancelled', 2), cancelled(3), event('StockReserved', 4)),
      /StockReserved after its end/,
    ],
  },
  endings: {
    'an open order waits in silence': [well({ final: { stuck: [] } }), /order-a is open, and nothing says what it waits for/],
    'of two open orders one waits in silence': [well({ final: { orders: [row(), row({ id: 'order-b' })] } }), /order-b is open/],
    'another order is shown instead': [
      well({ final: { stuck: [{ ...stuck, waitsFor: 'warehouse', orderId: 'order-b' }] } }),
      /order-a is open/,
    ],
    'nobody is waited for, too long': [
      well({ final: { stuck: [{ ...stuck, orderId: 'order-a' }] } }),
      /has waited 31 s for nobody/,
    ],
    'a task was given up': [
      well({ final: { stuck: [{ ...stuck, orderId: 'order-a', ageSeconds: 90 }] } }),
      /dead_task:1 has waited 90 s/,
    ],
    'an event was given up': [
      well({ final: { stuck: [{ ...stuck, orderId: 'order-a', ref: 'dead_letter:x:1', reason: 'dead_letter' }] } }),
      /dead_letter:x:1/,
    ],
    'a reservation was never ended': [well({ final: { orders: [row({ overdueSeconds: 45 })] } }), /its reservation ended 45 s ago/],
    'a reaction is behind': [well({ final: { behind: { events: 3, tasks: 0 } } }), /3 events were not reacted to/],
    'a task is overdue': [well({ final: { behind: { events: 0, tasks: 2 } } }), /2 tasks are overdue/],
    'both are behind': [well({ final: { behind: { events: Infinity, tasks: 0 } } }), /Infinity events/],
  },
  effects: {
    'an order is not in the list': [well({ final: { listed: [] } }), /order-a was placed and is not in the list/],
    'an order is in the list twice': [well({ final: { listed: ['order-a', 'order-a'] } }), /in the list 2 times/],
    'the list has an order that was never placed': [
      well({ final: { listed: ['order-a', 'order-b'] } }),
      /order-b is in the list and was never placed/,
    ],
    'a message was written twice': [well({ final: { messages: [message, message] } }), /was written 2 times/],
    'a message was sent twice': [well({ final: { messages: [{ ...message, mails: 2 }] } }), /was sent 2 times/],
    'a message is said to be sent and was not': [
      well({ final: { messages: [{ ...message, mails: 0 }] } }),
      /said to be sent and was not/,
    ],
    'a message waits for ever': [well({ final: { messages: [{ ...message, status: 'PENDING', mails: 0 }] } }), /was not sent/],
    'nobody was told of the order': [well({ final: { messages: [] } }), /nobody was told that it was accepted/],
    'only another event was told': [
      well({ final: { messages: [{ ...message, kind: 'paid by email' }] } }),
      /nobody was told that it was accepted/,
    ],
    'of two orders one was told of': [
      well({ final: { listed: ['order-a', 'order-b'], events: [...paidLife, event('OrderPlaced', 1, { stream: 'order-b' })] } }),
      /order order-b: nobody was told/,
    ],
  },
  unexplained: {
    'something broke on our side': [well({ entries: [invoke(9, 60), info(9, 61, 500)] }), /answered with 500/],
    'something broke while cancelling': [
      well({ entries: [info(9, 61, 500, asked('cancel'))] }),
      /cancel "a key" was answered with 500/,
    ],
    'a customer was told that a product is unknown': [well({ entries: [fail(9, 61, 'product_unknown')] }), /409 product_unknown/],
    'a customer was told that his key is no key': [
      well({ entries: [fail(9, 61, 'idempotency_key_invalid')] }),
      /idempotency_key_invalid/,
    ],
    'a receipt was refused': [well({ entries: [fail(9, 61, 'warehouse_unknown', received)] }), /warehouse_unknown/],
    'a page to pay on was not found': [well({ entries: [fail(9, 61, '', asked('pay'))] }), /pay "a key" was answered with 409/],
    'an order was not found': [well({ entries: [fail(9, 61, 'order_not_found', asked('cancel'))] }), /order_not_found/],
    'what was acknowledged was refused afterwards': [
      well({ entries: [fail(9, 61, 'idempotency_key_reused', again)] }),
      /idempotency_key_reused/,
    ],
    'Waybill ended by itself': [well({ final: { endings: ['1: an error'] } }), /ended by itself: 1: an error/],
    'two rooms differ': [well({ final: { verified: ['money_log: payment x'] } }), /money_log: payment x/],
  },
}
