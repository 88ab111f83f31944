/**
 * Better until released: an order whose work has not begun may be sent another way when stock, supply or prices changed.
 * Pure. What it could do with the units it holds is compared with what it could do with those and all that are free, by the
 * same engine at the same moment; a promise is never made worse, and what is in hand is never given up for what is to come.
 */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Day, OrderId, Sku } from '../kernel/ids.ts'
import type { ReserveRequest, Source, SourceLine, StockSeen, StockSession } from '../inventory/contract.ts'
import type { OrderEventOf, OrderReason, Shipment } from './contract.ts'
import { arrivalOf } from './derive.ts'
import { type Live, type Progress, sumOf } from './order.ts'

export type Replan = Readonly<{
  id: OrderId
  order: Live
  /** All units that are ordered now and not sent. */
  asked: ReserveRequest
  stock: StockSession
  source: Source
  cause: 'revised' | 'address'
  /** In the policy's cents: a plan that saves less is not worth the warehouse's surprise. */
  leastSaving: number
}>

export const revisedPlan = (replan: Replan): OrderEventOf<'PlanRevised'> | Refusal<OrderReason> => {
  const begun = begunBecause(replan)
  if (begun !== undefined) return refuse('plan_begun', `the plan stays as it is: ${begun}`)
  const now = answer(replan, heldOnly(replan))
  const then = answer(replan, heldAndFree(replan))
  if (now?.decision === undefined || then?.decision === undefined) return refuse('no_better_plan', 'no plan is better')
  const { progress } = replan.order
  const moved = replan.cause === 'address'
  const saving = now.decision.cost - then.decision.cost
  if (!moved && saving < replan.leastSaving)
    return refuse('no_better_plan', `the best plan saves ${saving}, less than the ${replan.leastSaving} that are worth a change`)
  const late = moved ? undefined : tooLate(progress, then.shipments)
  if (late !== undefined) return late
  return { type: 'PlanRevised', shipments: then.shipments, saving, decision: { cause: replan.cause, ...then.decision } }
}

export const isSamePlan = (a: readonly Shipment[], b: readonly Shipment[]): boolean => {
  const words = (plan: readonly Shipment[]) =>
    plan.map(({ place, dispatch, arrives, lines }) =>
      [
        place,
        dispatch,
        arrives,
        ...lines.map(({ line, quantity, from, kind }) => `${line} ${quantity} ${from} ${kind}`).sort(),
      ].join(),
    )
  return words(a).sort().join('\n') === words(b).sort().join('\n')
}

/** No promise is made worse: what is late already may not become later. */
export const tooLate = ({ promised, expected }: Progress, shipments: readonly Shipment[]): Refusal<OrderReason> | undefined => {
  const arrives = arrivalOf(shipments)
  const bound = latest(promised, expected)
  if (arrives === undefined || bound === undefined || arrives <= bound) return undefined
  return refuse('no_better_plan', `that plan arrives on ${arrives}, after the ${bound} that was promised`)
}

const latest = (a: Day | undefined, b: Day | undefined): Day | undefined => (a === undefined || (b !== undefined && b > a) ? b : a)

/** Why nothing may be moved any more; undefined while everything lies or waits where the plan put it. */
export const begunBecause = ({
  id,
  order: { progress },
  asked,
  stock,
}: Pick<Replan, 'id' | 'order' | 'asked' | 'stock'>): string | undefined => {
  const { counters } = progress
  if (progress.phase !== 'open') return `the order is ${progress.status}`
  if (progress.plan.length === 0) return 'nothing is planned'
  if (sumOf(counters.picked) + sumOf(counters.shipped) > 0) return 'units were picked'
  const held = stock.holding(id)
  const units = (state: 'r' | 't' | 'x' | 'w') =>
    sumOf(held.filter((entry) => entry.state === state).map(({ quantity }) => quantity))
  if (units('t') + units('x') > 0) return 'units are on their way between warehouses'
  // News of stock that the order has not heard yet: it will be asked again.
  const waiting = sumOf(counters.backordered) + sumOf(counters.preordered)
  if (units('r') !== sumOf(counters.reserved) || units('w') !== waiting) return 'its stock is moving'
  return units('r') + units('w') === sumOf(asked.lines.map(({ quantity }) => quantity))
    ? undefined
    : 'not all of its units are set aside'
}

const answer = ({ asked, source, id, stock }: Replan, seen: StockSeen) => {
  const waiting = new Set(stock.holding(id).flatMap(({ line, state }) => (state === 'w' ? [line] : [])))
  const lines = asked.lines.map((line): SourceLine => ({ ...line, waits: waiting.has(line.line) }))
  const found = source({ ...asked, lines, rehearsal: true, thorough: true }, seen)
  return found.unfilled.length > 0 ? undefined : found
}

/** Its own units where they lie, and the supply it is bound to on the day it is expected. */
const heldOnly = ({ id, order, stock }: Replan): StockSeen => {
  const held = stock.holding(id)
  return {
    free: (sku) =>
      summed(
        held.flatMap((entry) => (entry.sku === sku && entry.state === 'r' ? [{ place: entry.place, units: entry.quantity }] : [])),
      ),
    lots: (sku) =>
      held.flatMap((entry) => {
        const day = entry.sku === sku && entry.state === 'w' ? expectedOn(order, entry.line) : undefined
        return day === undefined ? [] : [{ place: entry.place, day, quantity: entry.quantity }]
      }),
  }
}

const heldAndFree = (replan: Replan): StockSeen => {
  const own = heldOnly(replan)
  const { seen } = replan.stock
  return {
    free: (sku: Sku) => summed([...own.free(sku), ...seen.free(sku)]),
    lots: (sku: Sku) => [...own.lots(sku), ...seen.lots(sku)],
  }
}

const expectedOn = ({ progress }: Live, line: number): Day | undefined =>
  progress.plan.flatMap(({ lines }) => lines).find((part) => part.line === line && part.ready !== undefined)?.ready

const summed = (levels: ReturnType<StockSeen['free']>): ReturnType<StockSeen['free']> => {
  const sums = new Map<(typeof levels)[number]['place'], number>()
  for (const { place, units } of levels) sums.set(place, (sums.get(place) ?? 0) + units)
  return [...sums].map(([place, units]) => ({ place, units }))
}
