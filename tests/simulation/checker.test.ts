/** Each check, by itself, on a state made by hand that breaks it: and with the check taken out, nobody notices. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Instant } from '../../src/kernel/ids.ts'
import { type CheckName, checkNames, violations } from './checker.ts'
import { noFaults } from './faults.ts'
import { type Kept, simulated } from './simulate.ts'
import type { Seen, SeenFact } from './state.ts'

/** A seed without faults, at its end: orders that were paid, sent, cancelled, and nothing broken. */
let good: Seen
before(async () => {
  const kept: Kept = {}
  const run = await simulated(7, { faults: noFaults, whole: true }, kept)
  assert.deepEqual(run.violations, [])
  assert.ok(kept.end !== undefined)
  good = kept.end
})

type Row = ReadonlyMap<string, Readonly<{ version: number; state: unknown }>>
/** The state with one row's part changed: `change` gets a copy that it may alter. */
const altered = <Name extends 'orders' | 'payments' | 'fulfilments' | 'returns'>(
  name: Name,
  fits: (state: Mutable) => boolean,
  change: (state: Mutable) => void,
): Partial<Seen> => {
  const rows: Row = good[name]
  const found = [...rows].find(([, { state }]) => fits(state as Mutable))
  assert.ok(found !== undefined, `seed 7 has no such row of ${name}`)
  const [id, { version, state }] = found
  const copy = structuredClone(state) as Mutable
  change(copy)
  return { [name]: new Map([...rows, [id, { version, state: copy }]]) }
}
type Mutable = {
  status: string
  placed: { lines: unknown[]; totals: { total: number }; expiresAt?: string; user?: string }
  progress: {
    phase: string
    secured: boolean
    counters: Record<string, number[]>
    totals: { total: number }
    fulfilments: { status: string }[]
    money: { captured: number; refunded: number; authorized: number; step: string }[]
  }
  authorized: number
  captured: number
}
const isOpen = ({ progress }: Mutable): boolean => progress.phase !== 'cancelled' && progress.phase !== 'expired'
const first = <Item>(items: Iterable<Item>): Item => {
  for (const item of items) return item
  throw new Error('there is none')
}
const fact = (stream: string, type: string, more: Partial<SeenFact> = {}): SeenFact => {
  const last = good.journal.findLast((row) => row.stream === stream)
  const position = (good.journal.at(-1)?.position ?? 0) + 1
  return { position, stream, version: (last?.version ?? 0) + 1, at: good.now, fact: { type }, ...more }
}
const messages = (): NonNullable<Seen['messages']> => good.messages ?? []
const anOrder = (): string => first(good.orders.keys())

/** What is wrong in each state, and the check that must see it. */
const bad: readonly Readonly<{ check: CheckName; what: string; make: () => Partial<Seen> }>[] = [
  {
    check: 'I1',
    what: 'an acknowledged order is gone',
    make: () => ({ acknowledged: [...good.acknowledged, { operation: 1, order: 'nowhere' }] }),
  },
  {
    check: 'I2',
    what: 'one key was answered with two orders',
    make: () => {
      const [one, other] = good.orders.keys()
      return { acknowledged: [one, other].map((order) => ({ operation: 1, order: order ?? '' })) }
    },
  },
  {
    check: 'I2',
    what: 'one client ordered once and has two orders',
    make: () => ({ orders: new Map([...good.orders, ['twin', first(good.orders.values())]]) }),
  },
  {
    check: 'I3',
    what: 'more is reserved than is there',
    make: () => ({ levels: good.levels.map((level) => ({ ...level, reserved: level.onHand + 1 })) }),
  },
  {
    check: 'I4',
    what: 'a level is not the sum of its ledger',
    make: () => ({ levels: good.levels.map((level, at) => (at === 0 ? { ...level, onHand: level.onHand + 1 } : level)) }),
  },
  {
    check: 'I4',
    what: 'units were made out of nothing',
    make: () => ({ ledger: [...good.ledger, { ...ledgerRow(), onHand: 3 }] }),
  },
  {
    check: 'I4',
    what: 'an order holds what nobody reserved',
    make: () => ({
      holdings: new Map([...good.holdings, ['x' as never, [{ line: 0, ...place(), quantity: 1, state: 'r' as const }]]]),
    }),
  },
  {
    check: 'I5',
    what: 'more is captured than was authorised',
    make: () =>
      altered(
        'payments',
        ({ status }) => status === 'started',
        (state) => (state.captured = state.authorized + 1),
      ),
  },
  {
    check: 'I5',
    what: 'the provider booked money that we do not know of',
    make: () => ({
      booked: [...good.booked, { kind: 'refund', order: anOrder(), payment: first(good.payments.keys()), key: 'more', amount: 1 }],
    }),
  },
  {
    check: 'I6',
    what: 'one capture was booked twice',
    make: () => ({ booked: good.booked.flatMap((row) => (row.kind === 'capture' ? [row, row] : [row])) }),
  },
  {
    check: 'I7',
    what: 'an order is open and nobody works on it',
    make: () =>
      altered('orders', isOpen, ({ progress }) => {
        progress.phase = 'open'
        progress.secured = true
        for (const name of ['shipped', 'reserved', 'backordered', 'preordered']) progress.counters[name]?.fill(0)
        progress.counters['current']?.fill(2)
        Object.assign(progress, { parcels: [], holds: [] })
      }),
  },
  {
    check: 'I7 silent',
    what: 'a task was given up',
    make: () => ({ tasks: [{ kind: 'payments.capture', key: 'x', dueAt: good.now, attempt: 9, dead: true, lastError: 'no' }] }),
  },
  {
    check: 'I8',
    what: 'a history has a gap',
    make: () => ({ journal: [...good.journal, fact(anOrder(), 'NoteAdded', { version: 999 })] }),
  },
  {
    check: 'I8 transitions',
    what: 'a cancelled order was cancelled again',
    make: () => ({ journal: [...good.journal, fact(anOrder(), 'OrderCancelled'), fact(anOrder(), 'OrderCancelled')] }),
  },
  {
    check: 'I8 units',
    what: 'units of a line are nowhere',
    make: () => altered('orders', isOpen, ({ progress }) => progress.counters['current']?.fill(0)),
  },
  {
    check: 'I9',
    what: 'an event had its effect twice',
    make: () => ({
      reactions: good.reactions.map((one) => ({ ...one, done: [...one.done, ...one.done.slice(-1)] })),
    }),
  },
  {
    check: 'I9',
    what: 'an event was passed by',
    make: () => ({ reactions: good.reactions.map((one) => ({ ...one, done: one.done.slice(1) })) }),
  },
  {
    check: 'I9',
    what: 'an older fact of a stream came after a newer one',
    make: () => ({ reactions: good.reactions.map((one) => ({ ...one, done: one.done.toReversed() })) }),
  },
  {
    check: 'I9 messages',
    what: 'a message is said to be sent that no server took',
    make: () => ({ mailed: new Map() }),
  },
  {
    check: 'I9 messages',
    what: 'a customer is told the same twice',
    make: () => ({ messages: [...messages(), { ...first(messages()), id: 'again', status: 'FAILED' as const }] }),
  },
  {
    check: 'I9 messages',
    what: 'a message went out again as another',
    make: () => {
      const [id, copies] = first(good.mailed ?? [])
      return { mailed: new Map([...(good.mailed ?? []), [id, [...copies, { ...first(copies), subject: 'another' }]]]) }
    },
  },
  {
    check: 'I9 messages',
    what: 'a message is never sent',
    make: () => ({ messages: messages().map((row, at) => (at === 0 ? { ...row, status: 'PENDING' as const } : row)) }),
  },
  {
    check: 'I9 messages',
    what: 'a customer hears nothing',
    make: () => ({ messages: messages().filter(({ order }) => order !== first(messages()).order) }),
  },
  {
    check: 'I10',
    what: 'an order says something else of its work than the warehouse',
    make: () =>
      altered(
        'orders',
        ({ progress }) => progress.fulfilments.length > 0,
        ({ progress }) => progress.fulfilments.forEach((work) => (work.status = 'awaiting_transfer')),
      ),
  },
  {
    check: 'I10 lists',
    what: 'an order is listed as it was',
    make: () => ({
      listed: new Map([...(good.listed ?? [])].map(([id, row]) => [id, { ...row, status: 'received' }])),
    }),
  },
  {
    check: 'I10 lists',
    what: 'an order is listed that is not there',
    make: () => ({ listed: new Map([...(good.listed ?? []), ['another', { number: 1, status: 'paid', total: 1 }]]) }),
  },
  {
    check: 'I11',
    what: 'a reservation ended before its time',
    make: () => ({ journal: [...good.journal, fact(anOrder(), 'OrderExpired', { at: '2026-11-21T08:00:00.000Z' as Instant })] }),
  },
  {
    check: 'I16',
    what: 'a fact is dated three hours ahead',
    make: () => ({ journal: [...good.journal, fact(anOrder(), 'NoteAdded', { at: '2026-11-21T11:00:05.000Z' as Instant })] }),
  },
]

const place = () => {
  const [level] = good.levels
  assert.ok(level !== undefined)
  return { sku: level.sku, place: level.place }
}
const ledgerRow = () => ({ ...place(), onHand: 0, reserved: 0, inTransit: 0, damaged: 0, kind: 'reserved' as const })

describe('The checker', () => {
  it('finds nothing in a good end', () => assert.deepEqual(violations(good), []))

  for (const { check, what, make } of bad) {
    it(`sees that ${what} (${check})`, () => {
      const state = { ...good, ...make() }
      const others = checkNames.filter((name) => name !== check)
      assert.notDeepEqual(violations(state, others), [], 'it saw nothing')
      assert.deepEqual(
        violations(state, [check]).filter((violation) => violation.check === check),
        [],
        'taken out it must be silent',
      )
    })
  }

  it('has a bad state for each of its checks', () => {
    assert.deepEqual([...new Set(bad.map(({ check }) => check))].sort(), [...checkNames].sort())
  })
})
