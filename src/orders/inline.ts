/**
 * What other rooms say to an order's step before it is saved, in the same transaction: stock is set aside or given back,
 * a warehouse may veto a cancellation. Called in the lock order orders → inventory → fulfilment (DESIGN §13).
 */
import { type Decided, isRefusal, type Refusal, refuse } from '../kernel/decider.ts'
import type { Day, Instant, OrderId } from '../kernel/ids.ts'
import { Aborted } from '../platform/store/work.ts'
import type { ReserveLine, ReserveRequest, Source } from '../inventory/contract.ts'
import type { StockSession } from '../inventory/contract.ts'
import type { Decision, LineUnits, OrderEvent, OrderEventOf, OrderReason, Shipment } from './contract.ts'
import { settle } from './decide.ts'
import { evolve } from './evolve.ts'
import { carriesUnits, type Live, type Order, sumOf, type UnitsLeft } from './order.ts'
import { arrivalOf, summed, totalsWithout } from './derive.ts'
import { restOfBundles, setAside, unitsWithout } from './bundle-rest.ts'
import { bareUnits, isBehind, type SentUnits, unplanned, waitingUnheard } from './unplanned.ts'
import { begunBecause, isSamePlan, type Replan, revisedPlan, tooLate } from './replan.ts'

/** Fulfilment's session in a batch of cancellations. */
export interface CancelSession {
  /** Units that cannot be taken back because their parcel was collected. */
  check(order: OrderId, lines: readonly LineUnits[] | 'all'): readonly LineUnits[]
  /** @returns where the units were that left the work. */
  apply(order: OrderId, lines: readonly LineUnits[] | 'all'): readonly UnitsLeft[]
  /** Whether its work is planned with these units and nobody has begun it: then it can still be planned another way. */
  untouched(order: OrderId, units: number): boolean
  withdraw(order: OrderId): void
  /** Units that its work waits for. */
  awaited(order: OrderId): readonly LineUnits[]
  /** Units that its transfers took from their senders. */
  sent(order: OrderId): readonly SentUnits[]
  /** Cancelled units that no work has: they were given back where they lay, and are not planned any more. */
  unplanned(order: OrderId, units: readonly UnitsLeft[]): void
}

export type Inline = Readonly<{
  stock: StockSession
  source: Source
  veto?: CancelSession | undefined
  /** Units that left their sender and that stock has not followed. */
  unfollowed?: readonly SentUnits[]
  now: Instant
}>

/** The events that follow a step: answers of the other rooms, then what is derived. A refusal drops the whole step. */
export const answered = (
  id: OrderId,
  decided: Decided<OrderEvent, Order>,
  inline: Inline,
): readonly OrderEvent[] | Refusal<OrderReason> => {
  const added: OrderEvent[] = []
  let order = decided.state
  const add = (events: readonly OrderEvent[]): void => {
    for (const event of events) {
      added.push(event)
      order = evolve(order, event)
    }
  }
  // A refusal must come before anything is taken or given back in this batch: warehouses are asked first.
  const vetoed = decided.events.map((event) => vetoOf(id, event, inline)).find((refusal) => refusal !== undefined)
  if (vetoed !== undefined) return vetoed
  for (const event of decided.events) {
    const answer = answerTo(id, event, order, inline)
    if (isRefusal(answer)) return answer
    add(answer)
  }
  add(settle(order))
  return added
}

const answerTo = (id: OrderId, event: OrderEvent, order: Order, inline: Inline): readonly OrderEvent[] | Refusal<OrderReason> => {
  if (order.status !== 'live') return []
  switch (event.type) {
    case 'OrderPlaced':
      return event.dialect === 'import' ? [] : reserve(id, order, allLines(order), inline, 'placed')
    case 'OrderReopened':
      return reserve(
        id,
        order,
        allLines(order).map((line) => ({ ...line, ifShort: 'refuse' as const })),
        inline,
        'reopened',
      )
    case 'OrderCancelled':
    case 'OrderExpired':
      return release(id, 'all', inline)
    case 'UnitsCancelled':
      return release(id, event.lines, inline, order)
    case 'UnitsAdded':
      return reserve(id, order, addedLines(order, event.lines), inline, 'added')
    case 'PlanRevised':
      return revise(id, order, event.shipments, inline)
    case 'AddressChanged': {
      const revised = revision(id, order, { cause: 'address', leastSaving: 0 }, inline)
      if (isRefusal(revised) || isSamePlan(revised.shipments, order.progress.plan)) return []
      return [revised, ...revise(id, order, revised.shipments, inline)]
    }
    case 'SupplyFailed':
      return elsewhere(id, order, event.lines, inline)
    case 'UnitsShort': {
      const missing = event.lines.map((units) => ({ ...units, sku: skuOf(order, units.line) }))
      if (event.lost === true) inline.stock.lose(id, event.place, missing)
      else inline.stock.short(id, event.place, missing)
      return replace(id, order, event.lines, inline)
    }
    default:
      return []
  }
}

const skuOf = (order: Live, line: number): ReserveLine['sku'] => {
  const placed = order.placed.lines[line]
  if (placed === undefined) throw new Error(`order ${order.placed.number} has no line ${line}`)
  return placed.sku
}

/** Everything that is ordered now: a reopened order has lost what was cancelled before. */
const allLines = ({ placed, progress }: Live): ReserveLine[] =>
  placed.lines.flatMap((line, index) => {
    const quantity = progress.counters.current[index] ?? 0
    return carriesUnits(line) && quantity > 0
      ? [{ line: index, sku: line.sku, quantity, grams: line.grams, parent: line.parent, ifShort: line.ifShort }]
      : []
  })

/** What is added is had at once or refused: whoever asks for more is told so. */
const addedLines = (order: Live, added: readonly LineUnits[]): ReserveLine[] =>
  allLines(order).flatMap((line) => {
    const quantity = sumOf(added.filter((units) => units.line === line.line).map((units) => units.quantity))
    return quantity > 0 ? [{ ...line, quantity, ifShort: 'refuse' }] : []
  })

const request = (order: Live, lines: readonly ReserveLine[], now: Instant): ReserveRequest => ({
  at: now,
  destination: order.progress.destination,
  lines,
  shippingMethod: order.placed.shippingMethod,
  channel: order.placed.channel,
  total: order.placed.totals.total,
  ...(order.placed.priority === undefined ? {} : { priority: order.placed.priority }),
  ...(order.placed.customerGroup === undefined ? {} : { group: order.placed.customerGroup }),
})

const reserve = (
  id: OrderId,
  order: Live,
  lines: readonly ReserveLine[],
  { stock, source, now }: Inline,
  cause: Decision['cause'],
): readonly OrderEvent[] | Refusal<OrderReason> => {
  if (lines.length === 0) return []
  // Only a placement is refused for its day: whoever pays late, or misses units, is told of another one.
  const by = cause === 'placed' ? order.placed.promised : undefined
  // What it must wait for again it waits for since it was placed; whoever pays late has lost his place in the queue.
  const since = cause === 'reopened' ? {} : { since: order.placed.placedAt }
  const asked = { ...request(order, lines, now), ...since, ...(by === undefined ? {} : { by }) }
  const planned = stock.plan(asked, source)
  if (isRefusal(planned)) return planned
  const arrives = by === undefined ? undefined : arrivalOf(planned.shipments)
  if (by !== undefined && arrives !== undefined && arrives > by) return notKept(by, arrives)
  const events: OrderEvent[] = []
  if (planned.shipments.length > 0) {
    stock.reserve(id, asked, planned.shipments)
    const { shipments, decision, promised } = planned
    events.push({
      type: 'StockReserved',
      shipments,
      ...(decision === undefined ? {} : { decision: { cause, ...decision } }),
      ...(cause === 'placed' && by === undefined && promised !== undefined ? { promised } : {}),
    })
  }
  if (planned.cancelled.length > 0) {
    if (planned.shipments.length === 0) events.push({ type: 'OrderCancelled', reason: 'sold_out', refund: 'auto' })
    else
      events.push({
        type: 'UnitsCancelled',
        reason: 'sold_out',
        lines: planned.cancelled,
        totals: totalsWithout(order.placed, order.progress.counters, planned.cancelled),
        refund: 'auto',
      })
  }
  return events
}

const notKept = (promised: Day, possible: Day): Refusal<OrderReason> =>
  refuse(
    'promise_not_kept',
    `it was promised for ${promised}, and since then what it needs was sold: ${possible} is possible now`,
    {
      promised,
      possible,
    },
  )

/** What a better plan would be, where nothing of the present one has begun. */
export const revision = (
  id: OrderId,
  order: Live,
  { cause, leastSaving }: Pick<Replan, 'cause' | 'leastSaving'>,
  { stock, source, veto, now }: Inline,
): OrderEventOf<'PlanRevised'> | Refusal<OrderReason> => {
  const asked = request(order, allLines(order), now)
  return workBegun(id, order, asked, veto) ?? revisedPlan({ id, order, asked, stock, source, cause, leastSaving })
}

const workBegun = (
  id: OrderId,
  { progress }: Live,
  { lines }: ReserveRequest,
  veto: CancelSession | undefined,
): Refusal<OrderReason> | undefined =>
  progress.assembled > 0 && veto?.untouched(id, sumOf(lines.map(({ quantity }) => quantity))) !== true
    ? refuse('plan_begun', 'a warehouse has its work, or is about to')
    : undefined

/** All that is ordered now and not given up, as sourcing is asked for it. */
export const requestOf = (order: Live, now: Instant): ReserveRequest => request(order, allLines(order), now)

export type Prescribed = Readonly<{ id: OrderId; order: Live; shipments: readonly Shipment[] }>

/**
 * Plans that need each other's units: asked about all together, and, where nothing speaks against any, their units given
 * back before the first of them takes its new ones.
 */
export const givenBack = (plans: readonly Prescribed[], { stock, veto, now }: Inline): Refusal<OrderReason> | undefined => {
  for (const { id, order, shipments } of plans) {
    const asked = request(order, allLines(order), now)
    const begun = begunBecause({ id, order, asked, stock })
    const refused =
      workBegun(id, order, asked, veto) ??
      (begun === undefined ? undefined : refuse('plan_begun', `the plan stays as it is: ${begun}`))
    if (refused !== undefined) return refused
    const late = tooLate(order.progress, shipments)
    if (late !== undefined) return late
    if (!isWholly(asked.lines, shipments))
      return refuse('no_better_plan', 'that plan was made for other units than are ordered now')
  }
  if (!stock.couldReplace(plans)) return refuse('no_better_plan', 'the units that the plans need were taken meanwhile')
  stock.giveBack(plans.map(({ id }) => id))
  return undefined
}

const isWholly = (lines: readonly ReserveLine[], shipments: readonly Shipment[]): boolean => {
  const open = new Map(lines.map(({ line, quantity }) => [line, quantity]))
  for (const part of shipments.flatMap((shipment) => shipment.lines))
    open.set(part.line, (open.get(part.line) ?? 0) - part.quantity)
  return [...open.values()].every((units) => units === 0)
}

const revise = (id: OrderId, order: Live, shipments: readonly Shipment[], { stock, veto, now }: Inline): readonly OrderEvent[] => {
  veto?.withdraw(id)
  stock.replace(id, { ...request(order, allLines(order), now), since: order.placed.placedAt }, shipments)
  return []
}

/** Units that were short are sourced again: elsewhere, from dated supply where the buyer accepts that, else given up. */
const replace = (
  id: OrderId,
  order: Live,
  units: readonly LineUnits[],
  inline: Inline,
): readonly OrderEvent[] | Refusal<OrderReason> => {
  const lines = units.flatMap(({ line, quantity }): ReserveLine[] => {
    const placed = order.placed.lines[line]
    if (placed === undefined) return []
    return [
      {
        line,
        sku: placed.sku,
        quantity,
        grams: placed.grams,
        ifShort: placed.ifShort === 'refuse' ? 'cancelLine' : placed.ifShort,
      },
    ]
  })
  const again = reserve(id, order, lines, inline, 'short')
  const givenUp = isRefusal(again) || again.some((event) => event.type === 'OrderCancelled')
  return wholly(id, order, givenUp ? giveUp(order, units, id, inline) : again, inline)
}

/** With units of a component the rest of its bundle is given up, unless a part of that has left the warehouse: that one is kept. */
const wholly = (id: OrderId, order: Live, events: readonly OrderEvent[], inline: Inline): readonly OrderEvent[] => {
  let now: Order = order
  return events.map((event): OrderEvent => {
    const before = now
    now = evolve(now, event)
    if (event.type !== 'UnitsCancelled' || before.status !== 'live') return event
    const { placed, progress } = before
    const { current } = progress.counters
    const more = restOfBundles(placed.lines, current, event.lines)
    // What was set aside a moment ago is in no warehouse's work yet, and goes first.
    const fresh = setAside(events, more)
    const rest = unitsWithout(more, fresh)
    if (more.length === 0 || (inline.veto?.check(id, rest) ?? []).length > 0) return event
    const lines = summed([...event.lines, ...more])
    const whole: OrderEvent =
      sumOf(lines.map(({ quantity }) => quantity)) === sumOf(current)
        ? { type: 'OrderCancelled', reason: event.reason, refund: event.refund }
        : { ...event, lines, rest, totals: totalsWithout(placed, progress.counters, lines) }
    now = evolve(before, whole)
    inline.stock.release(id, fresh, fresh)
    release(id, whole.type === 'OrderCancelled' ? 'all' : rest, inline, now.status === 'live' ? now : undefined)
    return whole
  })
}

/** What will not come is had from another place, or other supply, line by line; for the rest the customer chooses. */
const elsewhere = (id: OrderId, order: Live, units: readonly LineUnits[], inline: Inline): readonly OrderEvent[] => {
  const events: OrderEvent[] = []
  const left: LineUnits[] = []
  // By now other supply may have been announced.
  const lost = inline.stock.lostBy(id)
  for (const { line, quantity: told } of units) {
    const quantity = Math.min(told, sumOf(lost.flatMap((row) => (row.line === line ? [row.quantity] : []))))
    const asked = allLines(order).filter((known) => known.line === line)
    if (quantity === 0) continue
    const again = reserve(
      id,
      order,
      asked.map((known) => ({ ...known, parent: undefined, quantity })),
      inline,
      'short',
    )
    if (isRefusal(again) || !again.some(({ type }) => type === 'StockReserved')) {
      left.push({ line, quantity })
      continue
    }
    inline.stock.stopWaiting(id, [{ line, quantity }])
    events.push({ type: 'WaitEnded', lines: [{ line, quantity }] }, ...again)
  }
  return left.length === 0 ? events : [...events, { type: 'ChoiceOffered', lines: left }]
}

const giveUp = (order: Live, units: readonly LineUnits[], id: OrderId, inline: Inline): readonly OrderEvent[] => {
  const total = order.progress.counters.current.reduce((sum, count) => sum + count, 0)
  const gone = units.reduce((sum, { quantity }) => sum + quantity, 0)
  if (gone < total)
    return [
      {
        type: 'UnitsCancelled',
        reason: 'not_found',
        lines: units,
        totals: totalsWithout(order.placed, order.progress.counters, units),
        refund: 'auto',
      },
    ]
  inline.stock.release(id, 'all')
  return [{ type: 'OrderCancelled', reason: 'not_found', refund: 'auto' }]
}

const vetoOf = (id: OrderId, event: OrderEvent, inline: Inline): Refusal<OrderReason> | undefined => {
  if (event.type !== 'OrderCancelled' && event.type !== 'OrderExpired' && event.type !== 'UnitsCancelled') return undefined
  const lines = event.type === 'UnitsCancelled' ? unitsWithout(event.lines, unheardOf(id, event.lines, inline)) : 'all'
  const blocked = inline.veto?.check(id, lines) ?? []
  if (blocked.length === 0) return undefined
  return {
    refused: 'order_not_cancellable',
    detail: 'a parcel with these units has been collected',
    about: { blockedBy: ['parcel_collected'], lines: blocked },
  }
}

/** @param after the order, where it goes on with less. */
const release = (id: OrderId, asked: readonly LineUnits[] | 'all', inline: Inline, after?: Live): readonly OrderEvent[] => {
  const { stock, veto } = inline
  const unheard = asked === 'all' || after?.progress.assembled === 0 ? [] : unheardOf(id, asked, inline)
  if (unheard.length > 0) {
    stock.release(id, unheard, unheard)
    veto?.unplanned(id, unheard)
  }
  const lines = asked === 'all' ? asked : unitsWithout(asked, unheard)
  const holding = stock.holding(id)
  if (isBehind(holding, lines, inline.unfollowed?.filter(({ order }) => order === id) ?? []))
    throw new Aborted('conflict', `order ${id}: stock has not heard of its transfer yet`)
  const left = veto?.apply(id, lines) ?? []
  if (after?.progress.assembled === 0) stock.release(id, lines, unplanned(holding, after))
  else {
    stock.release(id, lines, left)
    // A warehouse that is about to hear of these units does not plan them.
    if (lines !== 'all') veto?.unplanned(id, bareUnits(holding, stock.holding(id), left))
  }
  return []
}

const unheardOf = (id: OrderId, lines: readonly LineUnits[], { stock, veto }: Inline): readonly UnitsLeft[] =>
  veto === undefined ? [] : waitingUnheard(stock.holding(id), lines, veto.awaited(id))
