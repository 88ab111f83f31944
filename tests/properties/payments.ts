/** Properties of payments and returns: money conserved, nothing given back that was not taken, nothing asked twice. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Sku } from '../../src/kernel/ids.ts'
import { allot, type Held } from '../../src/payments/allotment.ts'
import { movementsOf } from '../../src/payments/money-log.ts'
import type { PaymentEvent, PaymentStatus } from '../../src/payments/contract.ts'
import { payment, type PaymentCommand } from '../../src/payments/payment.ts'
import {
  capturable,
  capturesAsked,
  covering,
  free,
  owed,
  type Payment,
  paymentStatus,
  refundable,
  refunded,
  refundsTaken,
  type Started,
} from '../../src/payments/payment-state.ts'
import type { ReturnableLine, ReturnableOrder } from '../../src/returns/contract.ts'
import { cameBack, isKnown, type Known, returnDecider, type ReturnStep } from '../../src/returns/return.ts'
import { worthOf } from '../../src/returns/units.ts'
import { at, leeds, unitsOf } from './generators.ts'
import { Life, order, paymentCommand, paymentStart } from './generators-lives.ts'
import { type Property, sumOf } from './property.ts'

type Paid = Readonly<{
  before: Started
  after: Started
  events: readonly PaymentEvent[]
  command: PaymentCommand
  life: PaymentLife
}>
type PaymentLife = Life<PaymentCommand, PaymentEvent, Payment>

const paid = (look: (step: Paid) => void) =>
  fc.property(paymentStart, fc.array(paymentCommand, { minLength: 3, maxLength: 30, size: 'max' }), (start, commands) => {
    const life = new Life(payment)
    life.run(start)
    for (const command of commands) {
      const before = life.state
      const events = life.run(command) ?? []
      assert.ok(before.status === 'started' && life.state.status === 'started')
      look({ before, after: life.state, events, command, life })
    }
  })

/** Money may come after the last word of a provider, so only these are impossible. */
const neverFrom: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  pending: [],
  authorized: ['pending', 'failed'],
  partially_captured: ['pending', 'authorized', 'failed', 'voided'],
  captured: ['pending', 'authorized', 'failed', 'voided'],
  partially_refunded: ['pending', 'authorized', 'failed', 'voided'],
  refunded: ['pending', 'authorized', 'failed', 'voided'],
  voided: ['pending', 'failed'],
  failed: ['pending'],
  unknown: [],
}

const returnable = fc
  .array(fc.record({ units: fc.integer({ min: 1, max: 6 }), worth: fc.nat(1_000), left: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((lines): ReturnableOrder => {
    const all = lines.map(
      ({ units, worth, left }, index): ReturnableLine => ({
        sku: `sku${index}` as Sku,
        kind: 'product',
        current: units,
        shipped: left ? units : Math.floor(units / 2),
        returned: 0,
        worth,
      }),
    )
    const total = sumOf(all.map(({ worth }) => worth))
    return { number: 7, currency: 'GBP', lines: all, total, captured: total, refunded: 0 }
  })
const returnStep = fc.oneof(
  fc.record({ do: fc.constant('expect' as const), lines: unitsOf(3), reason: fc.constant('x') }),
  fc.record({
    do: fc.constant('receive' as const),
    place: fc.constant(leeds),
    lines: fc.array(
      fc.record({
        line: fc.nat(2),
        quantity: fc.integer({ min: 1, max: 4 }),
        disposition: fc.constantFrom('restock' as const, 'damaged' as const, 'write_off' as const),
      }),
      { maxLength: 3 },
    ),
    refund: fc.oneof(fc.constantFrom('auto' as const, 'auto' as const, 'none' as const), fc.nat(900)),
  }),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({ do: fc.constant('settle' as const) }),
)

/** The order's own books, with a return that is settled. */
const settled = (facts: ReturnableOrder, back: Extract<Known, { status: 'closed' }>): ReturnableOrder => ({
  ...facts,
  lines: facts.lines.map((line, index) => ({
    ...line,
    returned: line.returned + sumOf(cameBack(back).map((units) => (units.line === index ? units.quantity : 0))),
  })),
  refunded: facts.refunded + back.refund,
})

/** Three returns of one order; the order's own books follow each that is settled. */
const returned = (look: (facts: ReturnableOrder, returns: readonly Known[], step: ReturnStep) => void) =>
  fc.property(
    returnable,
    fc.array(fc.tuple(fc.nat(2), returnStep), { minLength: 3, maxLength: 20, size: 'max' }),
    (placed, steps) => {
      let facts = placed
      const lives = [0, 1, 2].map(() => new Life(returnDecider))
      for (const [which, step] of steps) {
        const life = lives[which]
        assert.ok(life !== undefined)
        const others = lives.flatMap(({ state }, at) => (at !== which && isKnown(state) ? [state] : []))
        const before = life.state
        const events = life.run({ ...step, at, order, facts, others })
        if (before.status === 'closed' || before.status === 'cancelled')
          assert.ok(events === undefined || events.length === 0, 'it is over')
        const { state } = life
        if (events !== undefined && events.length > 0 && state.status === 'closed') facts = settled(facts, state)
        look(
          facts,
          lives.flatMap(({ state: known }) => (isKnown(known) ? [known] : [])),
          step,
        )
      }
    },
  )

export const paymentProperties: readonly Property[] = [
  {
    name: 'refunded ≤ captured ≤ authorised, whatever is asked and told, in whatever order',
    invariant: 'I5',
    property: paid(({ after }) => {
      assert.ok(after.captured <= after.amount && after.captured + after.voided <= after.authorized)
      assert.ok(after.authorized <= after.amount + after.voided)
      assert.ok(refunded(after) <= refundsTaken(after) && refundsTaken(after) <= after.captured)
      assert.ok(refundable(after) >= 0 && capturable(after) >= 0 && owed(after) >= 0)
    }),
  },
  {
    name: 'no more is asked to be captured than is authorised and wanted, or given back than is free',
    invariant: 'I6',
    property: paid(({ before, after, events }) => {
      for (const event of events) {
        if (event.type === 'CaptureRequested') assert.ok(event.amount > 0)
        if (event.type === 'VoidRequested') assert.ok(event.amount >= 0 && event.amount <= after.authorized)
      }
      const asked = sumOf(events.map((event) => (event.type === 'CaptureRequested' ? event.amount : 0)))
      if (asked > 0)
        assert.ok(after.captured + capturesAsked(after) <= Math.max(after.wanted, before.captured + capturesAsked(before)))
      const captures = after.captures.map(({ id }) => id)
      assert.equal(new Set(captures).size, captures.length, 'one capture a name')
      const refunds = after.refunds.map(({ id }) => id)
      assert.equal(new Set(refunds).size, refunds.length, 'one refund a name')
    }),
  },
  {
    name: 'the money log says what the state says, and names no movement twice',
    invariant: 'I5',
    property: fc.property(paymentStart, fc.array(paymentCommand, { maxLength: 30 }), (start, commands) => {
      const life = new Life(payment)
      life.run(start)
      const logged = new Map<string, number>()
      const names = new Set<string>()
      for (const command of commands) {
        const events = life.run(command) ?? []
        for (const { kind, amount, reference } of movementsOf({ id: 'p', version: 1, state: life.state, events }, at)) {
          assert.ok(amount > 0)
          assert.ok(!names.has(`${kind} ${reference}`), `${kind} ${reference} twice`)
          names.add(`${kind} ${reference}`)
          logged.set(kind, (logged.get(kind) ?? 0) + amount)
        }
      }
      const { state } = life
      assert.ok(state.status === 'started')
      const stated = { authorize: state.authorized, capture: state.captured, void: state.voided, refund: refunded(state) }
      for (const [kind, amount] of Object.entries(stated)) assert.equal(logged.get(kind) ?? 0, amount, kind)
    }),
  },
  {
    name: "a provider's news that is told again changes nothing, nor does a wish",
    invariant: 'I6',
    property: paid(({ command, life }) => {
      // Units that were cancelled are told once, by the order's own events: told again they would be others.
      if (command.do !== 'want' || command.cancelled === undefined) assert.ok(!life.wouldChange(command), command.do)
    }),
  },
  {
    name: 'money that came is never forgotten: no status goes back behind it, and failure undoes nothing',
    invariant: 'I8',
    property: paid(({ before, after }) => {
      const [from, to] = [paymentStatus(before), paymentStatus(after)]
      assert.ok(!neverFrom[from].includes(to), `${from} → ${to}`)
      assert.ok(after.authorized >= before.authorized && after.captured >= before.captured && after.voided >= before.voided)
    }),
  },
  {
    name: 'money that is not wanted is on its way back: owed refunds and voids are asked in the same step',
    invariant: 'I11',
    property: paid(({ after, events }) => {
      const isOwedAnswered = after.refunds.some(({ owed: ours, step }) => ours && step === 'failed')
      if (events.some(({ type }) => type === 'MoneyWanted' || type === 'PaymentCaptured') && !isOwedAnswered)
        assert.equal(owed(after), 0)
      if (!events.some(({ type }) => type === 'MoneyWanted') || after.wanted > 0 || after.reference === undefined) return
      if (free(after) > 0 && capturesAsked(after) === 0) assert.ok(after.voiding)
    }),
  },
  {
    name: 'payments keep together what the order costs and no more, those that came first before the newest',
    invariant: 'I5',
    property: fc.property(
      fc.array(fc.tuple(paymentStart, fc.array(paymentCommand, { maxLength: 8 })), { minLength: 1, maxLength: 4 }),
      fc.nat(250),
      fc.constantFrom(undefined, 'p0', 'p1', 'p2', 'p3'),
      (drawn, total, newest) => {
        const held = drawn.flatMap(([start, commands], index): Held[] => {
          const life = new Life(payment)
          life.run(start)
          for (const command of commands) life.run(command)
          return life.state.status === 'started' ? [{ id: `p${index}`, state: life.state }] : []
        })
        const kept = allot(held, total, newest)
        assert.deepEqual(
          [...kept.keys()].sort(),
          held.map(({ id }) => id),
        )
        const live = held.filter(({ state }) => covering(state) > 0 && state.wanted > 0)
        const used = sumOf(live.map(({ id, state }) => Math.min(kept.get(id) ?? 0, covering(state))))
        assert.ok(used <= total, `${used} of ${total}`)
        const there = sumOf(live.map(({ state }) => Math.min(covering(state), state.amount)))
        assert.equal(used, Math.min(total, there))
      },
    ),
  },
  {
    name: 'no more units come back than were sent, over all returns of an order',
    invariant: 'I4',
    property: returned((facts, returns) => {
      for (const [index, { shipped, returned: before }] of facts.lines.entries()) {
        const open = returns.flatMap((one) =>
          one.status === 'expected' ? one.lines : one.status === 'received' ? cameBack(one) : [],
        )
        const units = sumOf(open.map(({ line, quantity }) => (line === index ? quantity : 0)))
        assert.ok(before + units <= shipped, `line ${index}: ${before} + ${units} of ${shipped}`)
      }
    }),
  },
  {
    name: 'no more money goes back for returns than was captured',
    invariant: 'I5',
    property: returned((facts, returns) => {
      const promised = sumOf(returns.map((one) => (one.status === 'received' ? one.refund : 0)))
      assert.ok(facts.refunded + promised <= facts.captured, `${facts.refunded} + ${promised} of ${facts.captured}`)
    }),
  },
  {
    name: 'what comes back in parts is worth what it is worth at once, to the last cent',
    invariant: 'I5',
    property: fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(10_000),
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
      (units, worth, parts) => {
        const line: ReturnableLine = { sku: 'a' as Sku, kind: 'product', current: units, shipped: units, returned: 0, worth }
        let [back, given] = [0, 0]
        for (const wanted of [...parts, units]) {
          const quantity = Math.min(wanted, units - back)
          if (quantity === 0) continue
          const facts = {
            number: 1,
            currency: 'GBP',
            lines: [{ ...line, returned: back }],
            total: worth,
            captured: worth,
            refunded: given,
          }
          const value = worthOf(facts, [], new Map([[0, quantity]]))
          assert.ok(value >= 0)
          ;[back, given] = [back + quantity, given + value]
        }
        assert.deepEqual([back, given], [units, worth])
      },
    ),
  },
  {
    name: 'a return is announced, received and closed once, each unit by what became of it',
    invariant: 'I8',
    property: returned((facts, returns) => {
      for (const one of returns) {
        assert.ok(one.lines.every(({ line, sku, quantity }) => facts.lines[line]?.sku === sku && quantity > 0))
        if (one.status !== 'received' && one.status !== 'closed') continue
        for (const { line, quantity } of cameBack(one))
          assert.ok(quantity > 0 && one.lines.some((expected) => expected.line === line))
        assert.ok(sumOf(cameBack(one).map(({ quantity }) => quantity)) <= sumOf(one.lines.map(({ quantity }) => quantity)))
        assert.ok(one.refund >= 0)
      }
      // Asking again for what is closed is refused, and says so.
      const closed = returns.find(({ status }) => status === 'closed')
      if (closed === undefined) return
      const again = returnDecider.decide(
        { do: 'receive', place: leeds, lines: [], refund: 'none', at, order, facts, others: [] },
        closed,
      )
      assert.ok(isRefusal(again) && again.refused === 'return_not_open')
    }),
  },
]
