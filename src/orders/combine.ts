/** Orders of one customer that leave one place for one address, in one parcel: what each of them must be for it. Pure. */
import { refuse, type Refusal } from '../kernel/decider.ts'
import type { Day } from '../kernel/ids.ts'
import type { OrderEventOf, OrderReason } from './contract.ts'
import { type Live, sumOf } from './order.ts'

export type Combine = Readonly<{
  /** The day on which the parcel that they share arrives. */
  arrives: Day
  combined: OrderEventOf<'ParcelsCombined'>
}>

export const combine = (
  { arrives, combined }: Combine,
  order: Live,
): readonly OrderEventOf<'ParcelsCombined'>[] | Refusal<OrderReason> => {
  if (!isCombinable(order)) return refuse('plan_begun', 'the plan stays as it is: it was begun, changed or combined meanwhile')
  if (order.progress.plan[0]?.place !== combined.place)
    return refuse('plan_begun', `the plan stays as it is: it leaves no longer from ${combined.place}`)
  const bound = boundOf(order)
  if (bound !== undefined && arrives > bound)
    return refuse('no_better_plan', `together it would arrive on ${arrives}, after the ${bound} that was promised`)
  return [combined]
}

/** Nobody has begun with goods of it, and all of them lie where its one parcel leaves, or travel there. */
export const isCombinable = ({ progress }: Live): boolean => {
  const { phase, counters, plan, fulfilments, combined } = progress
  const works = fulfilments.filter(({ status }) => status !== 'cancelled')
  return (
    phase === 'open' &&
    combined === undefined &&
    plan.length === 1 &&
    progress.destination.pending !== true &&
    progress.holds.length === 0 &&
    sumOf(counters.picked) + sumOf(counters.shipped) + sumOf(counters.backordered) + sumOf(counters.preordered) === 0 &&
    works.length <= 1 &&
    works.every(({ status }) => notBegun.has(status))
  )
}

/** Unlike a plan that moves units, this is the packer's last step: it may be found until somebody picks. */
const notBegun = new Set(['planned', 'awaiting_transfer', 'released'])

/** The day that it must keep: what was promised, or, where that is past saving, what is expected. */
const boundOf = ({ progress: { promised, expected } }: Live): Day | undefined =>
  promised === undefined || (expected !== undefined && expected > promised) ? expected : promised
