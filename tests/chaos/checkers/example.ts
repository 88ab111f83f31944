/** A short life that is well, piece by piece: bad histories are made of it by changing one thing. */
import type { Evidence, EventRow, Final, OrderRow, SessionRow } from '../evidence.ts'
import type { Asked, Entry, LevelSeen, Snapshot } from '../history.ts'

const order = 'order-a'
const asked: Asked = { does: 'place', key: 'order 1', says: 'body-1' }
const operation = (op: number, at: number, about: Asked = asked) => ({ at, process: 'shopper 1', op, ...about })

export const invoke = (op: number, at: number, about?: Asked): Entry => ({ ...operation(op, at, about), kind: 'invoke' })
export const ok = (op: number, at: number, more: Readonly<{ id?: string; replayed?: boolean; about?: Asked }> = {}): Entry => ({
  ...operation(op, at, more.about),
  kind: 'ok',
  status: 201,
  id: more.id ?? order,
  replayed: more.replayed ?? false,
})
export const fail = (op: number, at: number, code = 'insufficient_stock', about?: Asked): Entry => ({
  ...operation(op, at, about),
  kind: 'fail',
  status: 409,
  code,
})
export const info = (op: number, at: number, status = 0, about?: Asked): Entry => ({
  ...operation(op, at, about),
  kind: 'info',
  status,
  why: 'timed out',
})

export const received: Asked = { does: 'receive', key: 'supply 1', says: 'body-2', units: { sku: 'mug', quantity: 10 } }

export const level = (more: Partial<LevelSeen> = {}): LevelSeen => ({
  sku: 'mug',
  place: 'leeds',
  onHand: 10,
  reserved: 2,
  inTransit: 0,
  damaged: 0,
  held: 2,
  ledger: { onHand: 10, reserved: 2, inTransit: 0, damaged: 0 },
  ...more,
})
export const seen = (
  levels: readonly LevelSeen[],
  flow: Readonly<{ cameIn: number; wentOut: number }> = { cameIn: 10, wentOut: 0 },
): Snapshot => ({
  at: 50,
  process: 'reader 1',
  kind: 'snapshot',
  levels,
  flows: [{ sku: 'mug', ...flow }],
  orders: 1,
})

export const event = (type: string, version: number, more: Partial<EventRow> = {}): EventRow => ({
  stream: order,
  version,
  position: version,
  type,
  at: 1_000 + version,
  order: null,
  from: null,
  to: null,
  amount: null,
  units: null,
  ...more,
})

export const row = (more: Partial<OrderRow> = {}): OrderRow => ({
  id: order,
  status: 'paid',
  phase: 'open',
  version: 4,
  total: 500,
  ttlSeconds: 20,
  overdueSeconds: -10,
  ...more,
})
export const session = (more: Partial<SessionRow> = {}): SessionRow => ({
  payment: 'payment-a',
  order,
  amount: 500,
  currency: 'GBP',
  authorized: 500,
  voided: 0,
  captures: [{ key: 'sale', amount: 500 }],
  refunds: [],
  ...more,
})
export const paidLife: readonly EventRow[] = [
  event('OrderPlaced', 1),
  event('StockReserved', 2),
  event('OrderSecured', 3),
  event('StatusChanged', 4, { from: 'received', to: 'paid' }),
]

const wellFinal: Final = {
  orders: [row()],
  keys: [{ key: 'order 1', order }],
  events: paidLife,
  listed: [order],
  sessions: [session()],
  payments: [{ id: 'payment-a', order, currency: 'GBP', captured: 500, refunded: 0 }],
  messages: [{ order, kind: 'placed by email', subject: '1', status: 'SENT', mails: 1 }],
  received: [{ sku: 'mug', units: 10 }],
  stuck: [{ ref: `order:${order}`, orderId: order, reason: 'not_packed', waitsFor: 'warehouse', ageSeconds: 40, detail: 'leeds' }],
  behind: { events: 0, tasks: 0 },
  verified: [],
  endings: [],
}
/** Sent twice as the first answer was lost; one order. */
const wellEntries: readonly Entry[] = [
  invoke(1, 10),
  info(1, 20),
  invoke(2, 30),
  ok(2, 40, { replayed: true }),
  invoke(3, 41, received),
  ok(3, 42, { id: 'movement', about: received }),
  seen([level()]),
]

export const well = (change: Readonly<{ final?: Partial<Final>; entries?: readonly Entry[] }> = {}): Evidence => ({
  entries: [...wellEntries, ...(change.entries ?? [])],
  final: { ...wellFinal, ...change.final },
})
/** Only what is given was seen. */
export const only = (entries: readonly Entry[], final: Partial<Final> = {}): Evidence => ({
  entries,
  final: { ...wellFinal, ...final },
})

/** What is wrong, and what the checker must say of it. */
export type Bad = Readonly<Record<string, readonly [Evidence, RegExp]>>
export const again: Asked = { does: 'ask again', key: 'order 1', says: 'body-1' }
