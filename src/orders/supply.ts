/**
 * What an order waits for moves, or will not come: its day of arrival follows, its promise stays; and where nothing else can
 * be had, its customer chooses. Pure.
 */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Day, Place } from '../kernel/ids.ts'
import { addDays, daysBetween } from '../kernel/time.ts'
import type { Choice, LineUnits, OrderEvent, OrderEventOf, OrderReason, Shipment, ShipmentLine } from './contract.ts'
import { arrivalOf } from './derive.ts'
import { addUnits, type Counters, type Live, type Progress, sumOf } from './order.ts'

export type FollowSupply = Readonly<{
  /** Supply of these lines comes on another day. */
  moved: readonly Readonly<{ line: number; place: Place; was: Day; now: Day }>[]
  /** All units of these lines that nothing is announced for. */
  lost: readonly LineUnits[]
}>
export type Choose = Readonly<{ choice: Choice; by: string; lines?: readonly number[] | undefined }>

const waits = ({ kind }: ShipmentLine): boolean => kind === 'backorder' || kind === 'preorder'
const waitingOf = (counters: Counters, line: number): number => (counters.backordered[line] ?? 0) + (counters.preordered[line] ?? 0)

export const followSupply = ({ moved, lost }: FollowSupply, { progress }: Live): readonly OrderEvent[] => {
  if (progress.phase !== 'open') return []
  const events: OrderEvent[] = []
  const lines = moved.flatMap(({ line, place, was, now }) => {
    const isPlanned = progress.plan.some((shipment) =>
      shipment.lines.some((part) => part.line === line && part.from === place && waits(part)),
    )
    return isPlanned ? [{ line, place, days: daysBetween(was, now) }] : []
  })
  if (lines.length > 0) {
    const was = progress.expected
    const now = arrivalOf(movedPlan(progress.plan, lines)) ?? was
    if (was !== undefined && now !== undefined) events.push({ type: 'ArrivalMoved', was, now, lines })
  }
  const missing = lost.flatMap(({ line, quantity }) => {
    const units = Math.min(quantity, waitingOf(progress.counters, line))
    return units > 0 ? [{ line, quantity: units }] : []
  })
  return missing.length === 0 ? events : [...events, { type: 'SupplyFailed', lines: missing }]
}

/** Something is there to be sent alone, and nothing that waits belongs to a bundle: that leaves whole. */
export const maySplit = ({ placed, progress: { counters } }: Live): boolean =>
  sumOf(counters.reserved) > 0 && placed.lines.every((line, at) => line.parent === undefined || waitingOf(counters, at) === 0)

/** Only what is offered is chosen: everything else about an order has a command of its own. */
export const choose = ({ choice, by, lines: asked }: Choose, order: Live): OrderEventOf<'ChoiceMade'> | Refusal<OrderReason> => {
  const { progress } = order
  const offered = progress.phase === 'open' ? (progress.choice ?? []) : []
  if (offered.length === 0)
    return refuse('nothing_to_choose', 'the order waits for no choice: all it waits for is announced, or is there')
  const strange = asked?.find((line) => !offered.some((units) => units.line === line))
  if (strange !== undefined) return refuse('line_not_found', `line ${strange + 1} waits for no choice`)
  if (choice === 'split' && !maySplit(order))
    return refuse('nothing_to_choose', 'nothing could be sent alone now (a bundle is never torn): wait, or cancel')
  const lines = asked === undefined ? offered : offered.filter(({ line }) => asked.includes(line))
  return { type: 'ChoiceMade', choice, by, lines }
}

type Moved = OrderEventOf<'ArrivalMoved'>['lines']

/** A parcel leaves when the last of its units is there: by as many days as that moves, its arrival does. */
export const movedPlan = (plan: readonly Shipment[], lines: Moved): readonly Shipment[] =>
  plan.map((shipment) => {
    const parts = shipment.lines.map((part) => {
      const found = waits(part) ? lines.find(({ line, place }) => line === part.line && place === part.from) : undefined
      return found === undefined || part.ready === undefined ? part : { ...part, ready: addDays(part.ready, found.days) }
    })
    const [was, now] = [lastReady(shipment.lines), lastReady(parts)]
    const days = was === undefined || now === undefined ? 0 : daysBetween(was, now)
    return { ...shipment, lines: parts, dispatch: addDays(shipment.dispatch, days), arrives: addDays(shipment.arrives, days) }
  })

const lastReady = (parts: readonly ShipmentLine[]): Day | undefined =>
  parts
    .flatMap(({ ready }) => ready ?? [])
    .sort()
    .at(-1)

/** Without units that wait no longer. Shipments keep their place in the plan, empty ones too: it is counted how many are assembled. */
const withoutWaiting = (plan: readonly Shipment[], units: readonly LineUnits[]): readonly Shipment[] => {
  const gone = new Map(units.map(({ line, quantity }) => [line, quantity]))
  return plan.map((shipment) => ({
    ...shipment,
    lines: shipment.lines.flatMap((part) => {
      const taken = waits(part) ? Math.min(gone.get(part.line) ?? 0, part.quantity) : 0
      gone.set(part.line, (gone.get(part.line) ?? 0) - taken)
      return part.quantity > taken ? [{ ...part, quantity: part.quantity - taken }] : []
    }),
  }))
}

/** What waits leaves alone: its shipments are parted, as far as no warehouse has them. */
const parted = (plan: readonly Shipment[], assembled: number): readonly Shipment[] =>
  plan.flatMap((shipment, at) => {
    const waiting = shipment.lines.filter(waits)
    const whole = at < assembled || waiting.length === 0 || waiting.length === shipment.lines.length
    return whole
      ? [shipment]
      : [
          { ...shipment, lines: shipment.lines.filter((part) => !waits(part)) },
          { ...shipment, lines: waiting },
        ]
  })

/** A choice is about units that wait: of those that came, or were cancelled, nothing is left to choose. */
export const choiceLeft = (choice: Progress['choice'], counters: Counters): Progress['choice'] => {
  const left = (choice ?? []).flatMap(({ line, quantity }) => {
    const units = Math.min(quantity, waitingOf(counters, line))
    return units > 0 ? [{ line, quantity: units }] : []
  })
  return left.length === 0 ? undefined : left
}

export type SupplyEvent = Extract<
  OrderEvent,
  { type: 'ArrivalMoved' | 'SupplyFailed' | 'WaitEnded' | 'ChoiceOffered' | 'ChoiceMade' }
>

export const supplied = (progress: Progress, event: SupplyEvent): Partial<Progress> => {
  const without = (lines: readonly Readonly<{ line: number }>[]): Progress['choice'] => {
    const left = (progress.choice ?? []).filter(({ line }) => !lines.some((units) => units.line === line))
    return left.length === 0 ? undefined : left
  }
  switch (event.type) {
    case 'ArrivalMoved':
      // What has a day again needs no choice.
      return { plan: movedPlan(progress.plan, event.lines), expected: event.now, choice: without(event.lines) }
    case 'SupplyFailed':
      return {}
    case 'ChoiceOffered':
      return { choice: [...(without(event.lines) ?? []), ...event.lines] }
    case 'ChoiceMade':
      return {
        choice: without(event.lines),
        ...(event.choice === 'split' ? { plan: parted(progress.plan, progress.assembled) } : {}),
      }
    case 'WaitEnded': {
      const preordered = event.lines.map(({ line, quantity }) => ({
        line,
        quantity: Math.min(quantity, progress.counters.preordered[line] ?? 0),
      }))
      const backordered = event.lines.map(({ line, quantity }, at) => ({
        line,
        quantity: quantity - (preordered[at]?.quantity ?? 0),
      }))
      const counters: Counters = {
        ...progress.counters,
        preordered: addUnits(progress.counters.preordered, preordered, -1),
        backordered: addUnits(progress.counters.backordered, backordered, -1),
      }
      const plan = withoutWaiting(progress.plan, event.lines)
      return { counters, plan, expected: arrivalOf(plan), choice: choiceLeft(without(event.lines), counters) }
    }
  }
}
