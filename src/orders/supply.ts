/**
 * What an order waits for moves, or will not come: its day of arrival follows, its promise stays; and where nothing else can
 * be had, its customer chooses. Pure.
 */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { SupplyDays } from '../inventory/contract.ts'
import type { Day, Instant, Place } from '../kernel/ids.ts'
import { addDays, daysBetween } from '../kernel/time.ts'
import type { Choice, LineUnits, OrderEvent, OrderEventOf, OrderReason, Shipment, ShipmentLine } from './contract.ts'
import { arrivalOf } from './derive.ts'
import { addUnits, type Counters, type Live, type Progress, sumOf } from './order.ts'
import { type BundlePart, type InHand, leavesAlone } from './whole-bundles.ts'

export type FollowSupply = Readonly<{
  /** Supply of these lines comes on another day. `ready`: when they can be packed where they are sent from. */
  moved: readonly Readonly<{ line: number; place: Place; was: Day; now: Day; ready?: Day | undefined }>[]
  /** All units of these lines that nothing is announced for. */
  lost: readonly LineUnits[]
  /** Filled in when it is decided, where a network is known: when its parcels leave and arrive then. */
  shipments?: Moved['shipments'] | undefined
}>
export type Choose = Readonly<{ choice: Choice; by: string; lines?: readonly number[] | undefined }>

const waits = ({ kind }: ShipmentLine): boolean => kind === 'backorder' || kind === 'preorder'
const waitingOf = (counters: Counters, line: number): number => (counters.backordered[line] ?? 0) + (counters.preordered[line] ?? 0)

export const followSupply = ({ moved, lost, shipments }: FollowSupply, { progress }: Live): readonly OrderEvent[] => {
  if (progress.phase !== 'open') return []
  const events: OrderEvent[] = []
  const lines = plannedMoves(progress.plan, moved)
  if (lines.length > 0) {
    const dated = shipments === undefined || shipments.length === 0 ? {} : { shipments }
    const was = progress.expected
    const now = arrivalOf(movedPlan(progress.plan, { lines, ...dated })) ?? was
    if (was !== undefined && now !== undefined) events.push({ type: 'ArrivalMoved', was, now, lines, ...dated })
  }
  const missing = lost.flatMap(({ line, quantity }) => {
    const units = Math.min(quantity, waitingOf(progress.counters, line))
    return units > 0 ? [{ line, quantity: units }] : []
  })
  return missing.length === 0 ? events : [...events, { type: 'SupplyFailed', lines: missing }]
}

/** Something is there to be sent alone; of bundles, only whole ones are. */
export const maySplit = (order: Live): boolean => {
  const { counters } = order.progress
  const rows = counters.reserved.map((inHand, line) => ({ line, inHand, waits: waitingOf(counters, line) }))
  return sumOf([...leavesAlone(rows, bundlesOf(order)).values()]) > 0
}

const bundlesOf = ({ placed: { lines } }: Live): readonly BundlePart[] =>
  lines.flatMap((line, at) => {
    const bundle = line.parent === undefined ? undefined : lines[line.parent]
    return line.parent === undefined || bundle === undefined
      ? []
      : [{ line: at, bundle: line.parent, per: line.quantity / bundle.quantity }]
  })

/** Only what is offered is chosen: everything else about an order has a command of its own. */
export const choose = ({ choice, by, lines: asked }: Choose, order: Live): OrderEventOf<'ChoiceMade'> | Refusal<OrderReason> => {
  const { progress } = order
  const offered = progress.phase === 'open' ? (progress.choice ?? []) : []
  if (offered.length === 0)
    return refuse('nothing_to_choose', 'the order waits for no choice: all it waits for is announced, or is there')
  const strange = asked?.find((line) => !offered.some((units) => units.line === line))
  if (strange !== undefined) return refuse('line_not_found', `line ${strange + 1} waits for no choice`)
  if (choice === 'split' && !maySplit(order))
    return refuse('nothing_to_choose', 'nothing could be sent alone now (a bundle leaves whole): wait, or cancel')
  const lines = asked === undefined ? offered : offered.filter(({ line }) => asked.includes(line))
  const bundles = choice === 'split' ? bundlesOf(order) : []
  return { type: 'ChoiceMade', choice, by, lines, ...(bundles.length === 0 ? {} : { bundles }) }
}

type Moved = Pick<OrderEventOf<'ArrivalMoved'>, 'lines' | 'shipments'>

const plannedMoves = (plan: readonly Shipment[], moved: FollowSupply['moved']): Moved['lines'] =>
  moved.flatMap(({ line, place, was, now, ready }) => {
    const isPlanned = plan.some((shipment) =>
      shipment.lines.some((part) => part.line === line && part.from === place && waits(part)),
    )
    return isPlanned ? [{ line, place, days: daysBetween(was, now), ...(ready === undefined ? {} : { ready }) }] : []
  })

/** A parcel leaves when the last of its units is there: by as many days as that moves, its arrival does, unless its days are told. */
const movedPlan = (plan: readonly Shipment[], { lines, shipments }: Moved): readonly Shipment[] =>
  plan.map((shipment, at) => {
    const parts = shipment.lines.map((part) => movedPart(plan, part, lines))
    const told = shipments?.find((one) => one.shipment === at)
    if (told !== undefined) return { ...shipment, lines: parts, dispatch: told.dispatch, arrives: told.arrives }
    const [was, now] = [lastReady(shipment.lines), lastReady(parts)]
    const days = was === undefined || now === undefined ? 0 : daysBetween(was, now)
    return { ...shipment, lines: parts, dispatch: addDays(shipment.dispatch, days), arrives: addDays(shipment.arrives, days) }
  })

/** The day is that of a line's last units; those that come before them keep their distance, as far as that is told. */
const movedPart = (plan: readonly Shipment[], part: ShipmentLine, lines: Moved['lines']): ShipmentLine => {
  const isSame = ({ line, from }: ShipmentLine): boolean => line === part.line && from === part.from
  const found = waits(part) ? lines.find(({ line, place }) => line === part.line && place === part.from) : undefined
  if (found === undefined || part.ready === undefined) return part
  const shifted = addDays(part.ready, found.days)
  if (found.ready === undefined) return { ...part, ready: shifted }
  const last = lastReady(plan.flatMap((shipment) => shipment.lines.filter((one) => waits(one) && isSame(one))))
  return { ...part, ready: part.ready === last || shifted > found.ready ? found.ready : shifted }
}

/** When parcels whose last units are there on another day leave and arrive, by the days of their places and carriers. */
export const redated = (
  { placed: { shippingMethod }, progress: { plan, destination } }: Live,
  moved: FollowSupply['moved'],
  days: SupplyDays | undefined,
  now: Instant,
): NonNullable<Moved['shipments']> => {
  if (days === undefined) return []
  const lines = plannedMoves(plan, moved)
  const way = { destination, shippingMethod }
  return movedPlan(plan, { lines }).flatMap(({ place, lines: parts }, shipment) => {
    const was = plan[shipment]
    const ready = lastReady(parts)
    if (was === undefined || ready === undefined || ready === lastReady(was.lines)) return []
    // Nothing leaves before it could be packed if all of it lay there.
    const soonest = days.fromShelf(place, place, now)
    const sent = days.sent(was, soonest === undefined || soonest < ready ? ready : soonest, way)
    return sent === undefined ? [] : [{ shipment, ...sent }]
  })
}

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

/** What is there leaves alone: shipments are parted, as far as no warehouse has them, and bundles stay whole. */
const parted = (plan: readonly Shipment[], assembled: number, bundles: readonly BundlePart[]): readonly Shipment[] =>
  plan.flatMap((shipment, at) => {
    if (at < assembled || !shipment.lines.some(waits)) return [shipment]
    const open = leavesAlone(inHandOf(shipment.lines), bundles)
    const now: ShipmentLine[] = []
    const later: ShipmentLine[] = []
    for (const part of shipment.lines) {
      const units = waits(part) ? 0 : Math.min(part.quantity, open.get(part.line) ?? 0)
      open.set(part.line, (open.get(part.line) ?? 0) - units)
      if (units > 0) now.push({ ...part, quantity: units })
      if (units < part.quantity) later.push({ ...part, quantity: part.quantity - units })
    }
    if (now.length === 0) return [shipment]
    return [
      { ...shipment, lines: now },
      { ...shipment, lines: later },
    ]
  })

const inHandOf = (parts: readonly ShipmentLine[]): readonly InHand[] =>
  [...Map.groupBy(parts, ({ line }) => line)].map(([line, own]) => ({
    line,
    inHand: sumOf(own.map((part) => (waits(part) ? 0 : part.quantity))),
    waits: sumOf(own.map((part) => (waits(part) ? part.quantity : 0))),
  }))

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
      return { plan: movedPlan(progress.plan, event), expected: event.now, choice: without(event.lines) }
    case 'SupplyFailed':
      return {}
    case 'ChoiceOffered':
      return { choice: [...(without(event.lines) ?? []), ...event.lines] }
    case 'ChoiceMade':
      return {
        choice: without(event.lines),
        ...(event.choice === 'split' ? { plan: parted(progress.plan, progress.assembled, event.bundles ?? []) } : {}),
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
