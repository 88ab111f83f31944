/** Properties of a warehouse's work, of transfers and of parcels: units conserved, steps of the published tables only. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fold, isRefusal } from '../../src/kernel/decider.ts'
import type { FulfilmentStatus, ParcelStatus } from '../../src/orders/contract.ts'
import type { FulfilmentEvent } from '../../src/fulfilment/contract.ts'
import { actions, type FulfilmentCommand, fulfilmentOrder } from '../../src/fulfilment/fulfilment-order.ts'
import {
  isRequested,
  type LiveTransfer,
  outstanding,
  type Transfer,
  transfer,
  transferActions,
} from '../../src/fulfilment/transfer.ts'
import { summed, totalOf, unitsOf as unitsIn, without } from '../../src/fulfilment/units.ts'
import { type FulfilmentOrder, inParcels, isLive, type Live, unpacked } from '../../src/fulfilment/work.ts'
import { isAnnounced, parcel, parcelActions, parcelView } from '../../src/shipping/parcel.ts'
import { isEnd } from '../../src/shipping/tracking.ts'
import { at, unitsOf } from './generators.ts'
import {
  announcement,
  Life,
  parcelCommand,
  parcelNews,
  transferCommand,
  transferRequest,
  workCommand,
  workPlan,
} from './generators-lives.ts'
import type { Property } from './property.ts'

const workCommands = fc.array(workCommand, { minLength: 12, maxLength: 40, size: 'max' })
type WorkLife = Life<FulfilmentCommand, FulfilmentEvent, FulfilmentOrder>
type Worked = Readonly<{ before: Live; after: Live; life: WorkLife }>

/** Packed into two parcels: one unit in the first, whatever else there is in the second. */
const inTwo = (command: FulfilmentCommand, state: FulfilmentOrder): FulfilmentCommand => {
  const [first, ...others] = isLive(state) ? unpacked(state) : []
  if (command.do !== 'pack' || command.parcels.length !== 2 || first === undefined) return command
  const rest = [...(first.quantity > 1 ? [{ ...first, quantity: first.quantity - 1 }] : []), ...others]
  if (rest.length === 0) return command
  const [one, two] = command.parcels.map(({ parcel }) => parcel)
  return {
    ...command,
    parcels: [
      { parcel: one ?? 'a', lines: [{ ...first, quantity: 1 }] },
      { parcel: two ?? 'b', lines: rest },
    ],
  }
}

/** Each packing names parcels that never were, as the desk does; later commands mean the last of their letter. */
const withNewIds = (command: FulfilmentCommand, step: number, state: FulfilmentOrder): FulfilmentCommand => {
  if (command.do === 'pack')
    return { ...command, parcels: command.parcels.map((parcel) => ({ ...parcel, parcel: `${parcel.parcel}${step}` })) }
  if ((command.do !== 'parcelCollected' && command.do !== 'parcelDelivered') || !isLive(state)) return command
  const last = state.parcels.findLast(({ parcel }) => parcel.startsWith(command.parcel))
  return last === undefined ? command : { ...command, parcel: last.parcel }
}

const worked = (look: (step: Worked) => void) =>
  fc.property(workPlan, workCommands, (plan, commands) => {
    const life = new Life(fulfilmentOrder)
    life.run(plan)
    for (const [step, command] of commands.entries()) {
      const before = life.state
      if (life.run(withNewIds(inTwo(command, before), step, before)) === undefined) assert.equal(life.state, before)
      assert.ok(isLive(before) && isLive(life.state))
      look({ before, after: life.state, life })
    }
  })

const nextWork: Readonly<Record<FulfilmentStatus, readonly FulfilmentStatus[]>> = {
  planned: ['released', 'awaiting_stock', 'awaiting_transfer', 'short', 'cancelled'],
  awaiting_stock: ['awaiting_transfer', 'planned', 'released', 'short', 'cancelled'],
  awaiting_transfer: ['awaiting_stock', 'planned', 'released', 'short', 'cancelled'],
  // A hold takes work back that nobody has begun.
  released: ['planned', 'picking', 'packed', 'short', 'cancelled'],
  picking: ['packed', 'collected', 'delivered', 'short', 'cancelled'],
  // What stays of an opened parcel is packed again.
  packed: ['picking', 'collected', 'delivered', 'cancelled'],
  collected: ['delivered'],
  delivered: [],
  short: [],
  cancelled: [],
}

const transfers = (look: (before: Transfer, after: LiveTransfer, asked: number, gone: number) => void) =>
  fc.property(transferRequest, fc.array(transferCommand, { minLength: 3, maxLength: 14, size: 'max' }), (request, commands) => {
    const life = new Life(transfer)
    life.run(request)
    assert.ok(isRequested(life.state))
    const asked = totalOf(life.state.lines)
    for (const command of commands) {
      const before = life.state
      life.run(command)
      const gone = life.events.reduce(
        (sum, event) => sum + (event.type === 'TransferDeclined' || event.type === 'TransferCancelled' ? totalOf(event.lines) : 0),
        0,
      )
      assert.ok(isRequested(life.state))
      look(before, life.state, asked, gone)
    }
  })

const parcelSteps: Readonly<Record<ParcelStatus, number>> = {
  label_created: 0,
  exception: 0,
  cancelled: 0,
  picked_up: 1,
  in_transit: 2,
  out_for_delivery: 3,
  ready_for_pickup: 3,
  failed_attempt: 3,
  delivered: 4,
  returned_to_sender: 4,
}

export const workProperties: readonly Property[] = [
  {
    name: 'units of work are on it, gone from it, and each in one place at most',
    invariant: 'I4',
    property: worked(({ after, life }) => {
      let units = 0
      for (const event of life.events) {
        if (event.type === 'FulfilmentPlanned') units += totalOf(event.lines)
        if (event.type === 'UnitsFoundShort' || event.type === 'UnitsNotComing' || event.type === 'FulfilmentReduced')
          units -= totalOf(event.lines)
      }
      assert.equal(totalOf(after.lines), units)
      for (const { supply, transit, picked, quantity } of after.lines)
        assert.ok(supply >= 0 && transit >= 0 && picked >= 0 && supply + transit + picked <= quantity)
    }),
  },
  {
    name: 'parcels hold units of the work only, each once, and what left with the carrier is never taken back',
    invariant: 'I4',
    property: worked(({ before, after }) => {
      const packed = inParcels(after.parcels)
      for (const { line, quantity } of packed) assert.ok(quantity <= unitsIn(after.lines, line))
      for (const { quantity } of unpacked(after)) assert.ok(quantity > 0)
      if (['packed', 'collected', 'delivered'].includes(after.status)) assert.equal(totalOf(packed), totalOf(after.lines))
      for (const gone of before.parcels.filter(({ where }) => where !== 'here'))
        assert.ok(after.parcels.some((one) => one.parcel === gone.parcel && one.where !== 'here'))
    }),
  },
  {
    name: 'work takes the steps of its table only, and is over when it is over',
    invariant: 'I8',
    property: worked(({ before, after }) => {
      if (before.status === after.status) return
      assert.ok(nextWork[before.status].includes(after.status), `${before.status} → ${after.status}`)
    }),
  },
  {
    name: 'work is released exactly when all of it is there and no hold blocks it',
    invariant: 'I7',
    property: worked(({ after }) => {
      const isThere = after.lines.every(({ supply, transit }) => supply + transit === 0)
      if (after.status === 'released') assert.ok(isThere && !after.held)
      if (after.status === 'planned') assert.ok(isThere && after.held)
      if (after.status === 'awaiting_stock' || after.status === 'awaiting_transfer') assert.ok(!isThere)
    }),
  },
  {
    name: 'what a warehouse may do is done when it is asked, and done twice is done once',
    invariant: 'I2',
    property: worked(({ after, life }) => {
      for (const action of actions(after)) {
        const all: FulfilmentCommand =
          action === 'pick'
            ? { do: 'pick', at }
            : action === 'pack'
              ? { do: 'pack', parcels: [{ parcel: 'z' }], at }
              : action === 'put_back'
                ? { do: 'putBack', at }
                : {
                    do: 'short',
                    lines: after.lines.map(({ line, quantity, picked }) => ({ line, quantity: quantity - picked })),
                    by: 'w',
                    at,
                  }
        assert.ok(life.wouldChange(all), action)
        const events = fulfilmentOrder.decide(all, after)
        assert.ok(!isRefusal(events))
        const done = fold(fulfilmentOrder.evolve, after, events)
        const again = fulfilmentOrder.decide(all, done)
        assert.ok(isRefusal(again) || again.length === 0, action)
      }
    }),
  },
  {
    name: 'units less units and sums of units lose none and make none',
    invariant: 'I4',
    property: fc.property(unitsOf(4), unitsOf(4), (from, taken) => {
      const rest = without(from, taken)
      for (let line = 0; line < 4; line++) {
        assert.equal(unitsIn(summed(from), line), unitsIn(from, line))
        assert.equal(unitsIn(rest, line), Math.max(0, unitsIn(from, line) - unitsIn(taken, line)))
      }
      assert.equal(new Set(summed(from).map(({ line }) => line)).size, summed(from).length)
    }),
  },
  {
    name: 'units of a transfer are received, damaged, missing, declined, called off or still on their way',
    invariant: 'I4',
    property: transfers((_, after, asked, gone) => {
      const told = after.lines.reduce((sum, { received, damaged, missing }) => sum + received + damaged + missing, 0)
      // What left before it was sent is gone from the lines, all of them but at the very end.
      const open = after.status === 'declined' || after.status === 'cancelled' ? 0 : totalOf(outstanding(after))
      assert.equal(told + open + gone, asked)
    }),
  },
  {
    name: 'a transfer goes from requested to sent to received, or ends before it is sent',
    invariant: 'I8',
    property: transfers((before, after) => {
      const next = {
        unrequested: ['requested'],
        requested: ['sent', 'declined', 'cancelled'],
        sent: ['received'],
        received: [],
        declined: [],
        cancelled: [],
      }
      if (before.status !== after.status)
        assert.ok(
          next[before.status].some((status) => status === after.status),
          `${before.status} → ${after.status}`,
        )
      if (after.status === 'received') assert.deepEqual(outstanding(after), [])
      if (after.status !== 'requested' && after.status !== 'sent') assert.deepEqual(transferActions(after), [])
    }),
  },
  {
    name: "a carrier's news come to the same in every order, however often they are told",
    invariant: 'I9',
    property: fc.property(
      fc
        .array(parcelNews, { minLength: 1, maxLength: 8 })
        // Which of two last words counts is the first that is told: a story has one.
        .map((news) => {
          const isLast = (one: (typeof news)[number]) => one.do === 'news' && (isEnd(one.status) || one.status === 'cancelled')
          const last = news.find(isLast)
          return [
            ...news.filter((one) => !isLast(one)),
            ...(last === undefined || (last.do === 'news' && last.status === 'cancelled') ? [] : [last]),
          ]
        })
        .chain((news) => fc.tuple(fc.constant(news), fc.shuffledSubarray([...news, ...news], { minLength: news.length * 2 }))),
      ([straight, shuffled]) => {
        const told = (news: typeof straight) => {
          const life = new Life(parcel)
          life.run(announcement)
          for (const one of news) life.run(one)
          assert.ok(isAnnounced(life.state))
          return [life.state.status, life.state.collected, parcelView('p', life.state).attempts]
        }
        assert.deepEqual(told(shuffled), told(straight))
      },
    ),
  },
  {
    name: 'a parcel is collected once, before it moves, and its units leave stock with it',
    invariant: 'I4',
    property: fc.property(fc.array(parcelCommand, { maxLength: 20 }), (commands) => {
      const life = new Life(parcel)
      life.run(announcement)
      for (const command of commands) life.run(command)
      const types = life.events.map(({ type }) => type)
      const collected = types.flatMap((type, index) => (type === 'ParcelCollected' ? [index] : []))
      assert.ok(collected.length <= 1)
      const moved = types.indexOf('ParcelMoved')
      if (moved >= 0) assert.ok(collected[0] !== undefined && collected[0] < moved)
      assert.ok(isAnnounced(life.state))
      assert.equal(life.state.collected, collected.length === 1)
      if (life.state.collected) assert.ok(!types.includes('ParcelCancelled'), 'what the carrier has is not cancelled')
    }),
  },
  {
    name: 'a parcel never moves back, is refused to nobody who has it, and is over when it is over',
    invariant: 'I8',
    property: fc.property(fc.array(parcelCommand, { maxLength: 20 }), (commands) => {
      const life = new Life(parcel)
      life.run(announcement)
      let far = 0
      for (const command of commands) {
        const before = life.state
        const decided = life.run(command)
        if (command.do === 'news') assert.ok(decided !== undefined, 'news is fact')
        assert.ok(isAnnounced(before) && isAnnounced(life.state))
        if (isEnd(before.status) || before.status === 'cancelled') assert.equal(life.state.status, before.status)
        if (life.state.status === 'exception') continue
        assert.ok(parcelSteps[life.state.status] >= far, `${before.status} → ${life.state.status}`)
        far = parcelSteps[life.state.status]
        for (const action of parcelActions(life.state))
          if (action === 'hand_over') assert.ok(life.wouldChange({ do: 'handOver', at }))
      }
    }),
  },
]
