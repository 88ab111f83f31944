/** Properties of an order's life: what its counters, its headline and its money are whatever happens to it. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fold, isRefusal } from '../../src/kernel/decider.ts'
import { packProgress, unpackProgress } from '../../src/orders/codec.ts'
import type { OrderStatus } from '../../src/orders/contract.ts'
import { orderDecider, settle } from '../../src/orders/decide.ts'
import {
  actionsOf,
  cancellable,
  coverOf,
  isSecured,
  lineState,
  notDue,
  planWithout,
  statusOf,
  totalsWithout,
} from '../../src/orders/derive.ts'
import { carriesUnits, counterNames, type Live, unplaced } from '../../src/orders/order.ts'
import { unitsOf } from './generators.ts'
import { OrderLife, orderLife, type OrderStep } from './generators-orders.ts'
import { type Property, sumOf } from './property.ts'

type Step = Readonly<{ before: Live; after: Live; step: OrderStep; life: OrderLife }>

/** Lives an order, and looks at it after every step that was not refused. */
const lived = (look: (step: Step) => void) =>
  fc.property(orderLife, ([placed, steps]) => {
    const life = new OrderLife(placed)
    for (const step of steps) {
      const command = life.command(step)
      if (command === undefined) continue
      const before = life.live
      life.run(command, step.do !== 'short' || step.again)
      look({ before, after: life.live, step, life })
    }
  })

/** The published state machine of the headline; `cancelled → received` only where a late payment reopened it. */
const nextStatuses: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  received: ['paid', 'ready', 'in_transit', 'completed', 'cancelled'],
  paid: ['ready', 'in_transit', 'completed', 'cancelled'],
  ready: ['in_transit', 'completed', 'cancelled'],
  in_transit: ['completed', 'cancelled'],
  completed: [],
  cancelled: ['received'],
}

const quantitiesOf = ({ placed }: Live): readonly number[] => placed.lines.map((line) => (carriesUnits(line) ? line.quantity : 0))

export const orderProperties: readonly Property[] = [
  {
    name: 'units of an order are current or cancelled: what was ordered and added, line by line',
    invariant: 'I4',
    property: lived(({ after }) => {
      const { counters } = after.progress
      for (const [line, ordered] of quantitiesOf(after).entries())
        assert.equal(
          (counters.current[line] ?? 0) + (counters.cancelled[line] ?? 0),
          ordered + (counters.added[line] ?? 0),
          `line ${line}`,
        )
    }),
  },
  {
    name: 'no counter of an order is ever negative, and no more is set aside, waits or left than is ordered',
    invariant: 'I4',
    property: lived(({ after }) => {
      const { counters, phase } = after.progress
      for (const name of counterNames)
        for (const [line, units] of counters[name].entries()) assert.ok(units >= 0, `${name} of line ${line}: ${units}`)
      if (phase === 'cancelled' || phase === 'expired') return
      for (const [line, current] of counters.current.entries()) {
        const [reserved = 0, waiting = 0, early = 0, shipped = 0] = [
          counters.reserved[line],
          counters.backordered[line],
          counters.preordered[line],
          counters.shipped[line],
        ]
        assert.ok(reserved + waiting + early + shipped <= current, `line ${line}: ${JSON.stringify(counters)}`)
      }
    }),
  },
  {
    name: 'nothing comes back that was not sent, nothing arrives that did not leave, nothing sent is cancelled',
    invariant: 'I4',
    property: lived(({ after }) => {
      const { current, shipped, delivered, returned } = after.progress.counters
      for (const [line, units] of shipped.entries()) {
        assert.ok((returned[line] ?? 0) <= units && (delivered[line] ?? 0) <= units)
        assert.ok(units <= (current[line] ?? 0), `line ${line} sent ${units} of ${current[line]}`)
      }
    }),
  },
  {
    name: 'the headline takes the steps of its table only, and never back',
    invariant: 'I8',
    property: lived(({ life }) => {
      let status: OrderStatus = 'received'
      for (const event of life.events) {
        if (event.type === 'OrderReopened') status = 'received'
        if (event.type !== 'StatusChanged') continue
        assert.equal(event.from, status)
        assert.ok(nextStatuses[event.from].includes(event.to), `${event.from} → ${event.to}`)
        status = event.to
      }
      assert.equal(life.live.progress.status, status)
    }),
  },
  {
    name: 'an order that is over stays over: cancelled for ever, expired until a payment covers it',
    invariant: 'I8',
    property: lived(({ before, after, step }) => {
      if (before.progress.phase === 'cancelled') assert.equal(after.progress.phase, 'cancelled')
      if (before.progress.phase !== 'expired' || after.progress.phase === 'expired') return
      assert.equal(step.do, 'money')
      assert.ok(coverOf(after.progress) >= after.progress.totals.total)
    }),
  },
  {
    name: 'a reservation never runs out while the order is paid, and once paid an order stays secured',
    invariant: 'I11',
    property: lived(({ before, after }) => {
      if (before.progress.secured && before.progress.phase === 'open') assert.notEqual(after.progress.phase, 'expired')
      if (before.progress.secured) assert.equal(after.progress.secured, true)
      if (after.progress.phase === 'open' && isSecured(after.placed, after.progress)) assert.equal(after.progress.secured, true)
    }),
  },
  {
    name: 'a payment after the end reserves again or is refused: never neither',
    invariant: 'I11',
    property: lived(({ before, after, step, life }) => {
      const { phase, closedReason, totals } = before.progress
      if (step.do !== 'money' || phase === 'open' || phase === 'completed' || closedReason === 'reopen_refused') return
      if (step.step !== 'authorized' && step.step !== 'captured') return
      if (coverOf(after.progress) < totals.total && phase === 'expired' && notDue(before.placed)) return
      const last = life.events.findLast(({ type }) => type === 'OrderReopened' || type === 'ReopenRefused')
      assert.ok(last !== undefined && (after.progress.phase === 'open' || after.progress.closedReason === 'reopen_refused'))
    }),
  },
  {
    name: 'no warehouse is given work before the money is secured, and none twice the same',
    invariant: 'I8',
    property: lived(({ life, after }) => {
      let secured = false
      for (const event of life.events) {
        if (event.type === 'OrderSecured') secured = true
        if (event.type === 'AssemblyRequested') assert.ok(secured)
      }
      assert.ok(after.progress.assembled <= after.progress.plan.length)
      assert.deepEqual(settle(after), [], 'what follows was said already')
    }),
  },
  {
    name: 'what is left of an order costs what its units cost, never less than nothing, never more than before',
    invariant: 'I5',
    property: lived(({ before, after, step }) => {
      const { subtotal, discount, shipping, total } = after.progress.totals
      assert.equal(subtotal - discount + shipping, total)
      for (const sum of [subtotal, discount, shipping, total]) assert.ok(Number.isSafeInteger(sum) && sum >= 0)
      if (step.do === 'cancel') assert.ok(total <= before.progress.totals.total)
    }),
  },
  {
    name: 'cancelling unit by unit comes to the same sums as cancelling at once',
    invariant: 'I5',
    property: fc.property(orderLife, unitsOf(6, 3), ([placed], asked) => {
      const life = new OrderLife(placed)
      const free = cancellable(life.live).filter(({ line }) => life.live.placed.lines[line]?.kind === 'product')
      const units = free.flatMap(({ line, quantity }) => {
        const wanted = Math.min(quantity, sumOf(asked.map((one) => (one.line === line ? one.quantity : 0))))
        return wanted > 0 ? [{ line, quantity: wanted }] : []
      })
      fc.pre(sumOf(units.map(({ quantity }) => quantity)) < sumOf(life.live.progress.counters.current))
      const whole = totalsWithout(life.live.placed, life.live.progress.counters, units)
      for (const { line, quantity } of units)
        for (let unit = 0; unit < quantity; unit++)
          life.run({
            do: 'cancel',
            reason: 'x',
            by: 'c',
            refund: 'auto',
            lines: [{ line, quantity: 1 }],
            at: life.live.placed.placedAt,
          })
      assert.deepEqual(life.live.progress.totals, whole)
    }),
  },
  {
    name: 'the same news or the same wish again changes nothing',
    invariant: 'I2',
    property: fc.property(orderLife, ([placed, steps]) => {
      const life = new OrderLife(placed)
      for (const step of steps) {
        const command = life.command(step)
        if (command === undefined) continue
        life.run(command, step.do !== 'short' || step.again)
        const isOnce =
          ['expire', 'hold', 'unhold', 'news', 'parcel', 'change'].includes(step.do) ||
          (step.do === 'cancel' && step.lines === undefined)
        if (!isOnce) continue
        const again = orderDecider.decide(command, life.order)
        assert.ok(isRefusal(again) || again.length === 0, `${step.do} again: ${JSON.stringify(again)}`)
      }
    }),
  },
  {
    name: 'an order is the fold of its events, and its stored form says all of it',
    invariant: 'I10',
    property: lived(({ life, after }) => {
      assert.deepEqual(fold(orderDecider.evolve, unplaced, life.events), after)
      const stored = JSON.parse(JSON.stringify(packProgress(after.progress, after.placed))) as Parameters<typeof unpackProgress>[0]
      assert.deepEqual(unpackProgress(stored, after.placed), JSON.parse(JSON.stringify(after.progress)))
    }),
  },
  {
    name: 'what an order says may be done can be done, and its lines have a state',
    invariant: 'I7',
    property: lived(({ after }) => {
      const actions = actionsOf(after)
      const decide = (command: Parameters<typeof orderDecider.decide>[0]) => orderDecider.decide(command, after)
      const at = after.placed.placedAt
      if (actions.includes('cancel') && sumOf(after.progress.counters.shipped) === 0)
        assert.ok(!isRefusal(decide({ do: 'cancel', reason: 'x', by: 'c', refund: 'auto', at })))
      const single = cancellable(after).filter(({ line }) => after.placed.lines[line]?.kind === 'product')
      if (actions.includes('cancel') && single.length > 0)
        assert.ok(!isRefusal(decide({ do: 'cancel', reason: 'x', by: 'c', refund: 'auto', lines: single, at })))
      if (actions.includes('choose')) assert.ok(!isRefusal(decide({ do: 'choose', choice: 'wait', by: 'c', at })))
      for (const { id } of actions.includes('release') ? after.progress.holds : [])
        assert.ok(!isRefusal(decide({ do: 'release', hold: id, by: 'c', at })))
      for (const [line] of after.placed.lines.entries()) assert.notEqual(lineState(after, line), '')
      assert.ok(['received', 'paid', 'ready', 'in_transit', 'completed', 'cancelled'].includes(statusOf(after)))
    }),
  },
  {
    name: 'a bundle is cancelled whole, whichever of its lines are named, and once',
    invariant: 'I4',
    property: fc.property(orderLife, fc.subarray([0, 1, 2], { minLength: 1 }), ([placed], named) => {
      const at = placed.lines.findIndex(({ kind }) => kind === 'bundle')
      fc.pre(at >= 0)
      const life = new OrderLife(placed)
      const lines = named.map((part) => ({ line: at + part, quantity: placed.lines[at + part]?.quantity ?? 0 }))
      life.run({ do: 'cancel', reason: 'x', by: 'c', refund: 'auto', lines, at: placed.placedAt })
      const { current } = life.live.progress.counters
      assert.deepEqual([current[at + 1], current[at + 2]], [0, 0])
      assert.ok(current.slice(0, at).every((units, line) => units === placed.lines[line]?.quantity))
    }),
  },
  {
    name: 'a plan without cancelled units lacks exactly those that no warehouse has',
    invariant: 'I4',
    property: lived(({ after }) => {
      const { plan, assembled, counters } = after.progress
      const gone = counters.current.flatMap((quantity, line) => (quantity > 1 ? [{ line, quantity: 1 }] : []))
      const left = planWithout(plan, assembled, gone)
      const units = (shipments: typeof plan, line: number): number =>
        sumOf(shipments.flatMap(({ lines }) => lines.map((one) => (one.line === line ? one.quantity : 0))))
      assert.deepEqual(left.slice(0, assembled), plan.slice(0, assembled))
      for (const { line, quantity } of gone)
        assert.equal(units(left, line), units(plan, line) - Math.min(quantity, units(plan.slice(assembled), line)))
    }),
  },
]
