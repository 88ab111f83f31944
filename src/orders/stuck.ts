/**
 * What an open order waits for, and how long that may take (PROMISES I7: every order ends, waits on a named actor, or is
 * shown as stuck). Pure: the order's own stream says it all, because other rooms' news is brought to it.
 */
import type { Day, Instant } from '../kernel/ids.ts'
import { milliseconds } from '../kernel/time.ts'
import { notDue } from './derive.ts'
import { carriesUnits, type Live, sumOf } from './order.ts'

export type WaitsFor = 'customer' | 'warehouse' | 'supplier' | 'carrier' | 'payment' | 'system'
export type Waiting = Readonly<{
  reason: string
  detail: string
  waitsFor: WaitsFor
  /** Shown when it has waited longer; undefined: it may wait, a day that was promised is still to come. */
  markSeconds: number | undefined
}>

const [minute, hour, day] = [60, 3_600, 86_400]
/** How long an order may stand in each status before people look at it. */
export const statusMarkSeconds = {
  /** Twice the default time to live of an unpaid reservation. */
  received: hour,
  /** A day's work of a warehouse. */
  paid: day,
  /** Carriers collect every working day. */
  ready: day,
  /** What most carriers allow before a parcel counts as lost. */
  in_transit: 7 * day,
} as const
/** I7: nobody is waited for, so half a minute is enough for reactions to do their part. */
export const systemMarkSeconds = 30
/** A carrier's trouble, or a payment's: it is asked again meanwhile. */
const troubleMarkSeconds = minute
/** Supply without a day: asked after once a fortnight. */
const supplierMarkSeconds = 14 * day

/** @returns undefined where the order has ended. */
export const waitingOf = (order: Live, today: Day, now: Instant): Waiting | undefined => {
  const { phase, secured } = order.progress
  if (phase !== 'open') return undefined
  if (!secured) return unpaid(order, now)
  const trouble = troubledParcel(order)
  if (trouble !== undefined) return trouble
  const left = unitsLeft(order)
  if (left > 0) return notSent(order, today, left)
  return underway(order)
}

const system = (reason: string, detail: string): Waiting => ({ reason, detail, waitsFor: 'system', markSeconds: systemMarkSeconds })

const unpaid = ({ placed, progress }: Live, now: Instant): Waiting => {
  const steps = progress.money.map(({ step }) => step)
  if (steps.includes('unknown'))
    return {
      reason: 'payment_unknown',
      detail: 'the provider was asked and did not answer; it is asked again',
      waitsFor: 'payment',
      markSeconds: troubleMarkSeconds,
    }
  if (progress.expiresAt !== undefined && milliseconds(progress.expiresAt) + systemMarkSeconds * 1000 < milliseconds(now))
    return system('expiry_overdue', `its reservation ended at ${progress.expiresAt}`)
  if (notDue(placed)) return system('not_secured', 'nothing is due, and yet it is not secured')
  if (steps.length === 0) return system('payment_missing', 'no payment was started')
  const failed = steps.every((step) => step === 'failed' || step === 'voided')
  return {
    reason: failed ? 'payment_failed' : 'unpaid',
    detail: failed ? 'every attempt to pay failed' : `${progress.totals.total} ${placed.currency} (minor units) are to be paid`,
    waitsFor: 'customer',
    markSeconds: statusMarkSeconds.received,
  }
}

const unitsLeft = ({ placed, progress: { counters } }: Live): number =>
  sumOf(placed.lines.map((line, at) => (carriesUnits(line) ? (counters.current[at] ?? 0) - (counters.shipped[at] ?? 0) : 0)))

/** Nothing more is done about these parcels by themselves: the carrier, or the warehouse they come back to, must. */
const troubledParcel = ({ progress: { parcels, counters } }: Live): Waiting | undefined => {
  const parcel = parcels.find(({ status }) => status === 'exception' || status === 'returned_to_sender')
  if (parcel === undefined) return undefined
  const detail = `parcel ${parcel.tracking ?? parcel.id} of ${parcel.carrier}`
  if (parcel.status === 'exception')
    return { reason: 'parcel_exception', detail, waitsFor: 'carrier', markSeconds: troubleMarkSeconds }
  if (sumOf(counters.returned) > 0 && sumOf(counters.returned) >= sumOf(counters.shipped) - sumOf(counters.delivered))
    return system('returned_undelivered', `${detail}: it came back and was taken in, and the order stays open`)
  return { reason: 'returned_to_sender', detail, waitsFor: 'warehouse', markSeconds: troubleMarkSeconds }
}

const notSent = (order: Live, today: Day, left: number): Waiting => {
  const { placed, progress } = order
  const { counters, holds, fulfilments } = progress
  const markSeconds = statusMarkSeconds[progress.status === 'ready' ? 'ready' : 'paid']
  const [hold] = holds
  if (hold !== undefined) {
    const waitsFor = hold.kind === 'address_missing' ? 'customer' : 'system'
    return { reason: 'held', detail: holds.map(({ kind }) => kind).join(', '), waitsFor, markSeconds }
  }
  const aside = sumOf(counters.reserved) + sumOf(counters.backordered) + sumOf(counters.preordered)
  if (aside < left) return system('not_reserved', `${left - aside} of ${left} units are not set aside anywhere`)
  if (progress.choice !== undefined) {
    const units = sumOf(progress.choice.map(({ quantity }) => quantity))
    return { reason: 'choice', detail: `${units} units will not come: wait, split or cancel`, waitsFor: 'customer', markSeconds }
  }
  const supply = waitingForSupply(order, today)
  if (supply !== undefined) return supply
  if (progress.plan.length > progress.assembled) return system('not_assembled', 'its warehouses were not told')
  const at = (...statuses: readonly string[]) => fulfilments.filter(({ status }) => statuses.includes(status))
  const places = (which: readonly Readonly<{ place: string }>[]): string => which.map(({ place }) => place).join(', ')
  const working = at('released', 'picking')
  if (working.length > 0) return { reason: 'not_packed', detail: places(working), waitsFor: 'warehouse', markSeconds }
  const travelling = at('awaiting_transfer')
  if (travelling.length > 0) return { reason: 'awaiting_transfer', detail: places(travelling), waitsFor: 'warehouse', markSeconds }
  const packed = at('packed')
  if (packed.length > 0) return { reason: 'not_collected', detail: places(packed), waitsFor: 'carrier', markSeconds }
  const planned = at('planned', 'awaiting_stock')
  if (planned.length > 0) return system('not_released', `${places(planned)}: all is there, and the work is not released`)
  return system('no_work', `no warehouse works on ${left} units of ${placed.number}`)
}

const waitingForSupply = ({ progress: { counters, expected } }: Live, today: Day): Waiting | undefined => {
  const [backordered, preordered] = [sumOf(counters.backordered), sumOf(counters.preordered)]
  if (backordered + preordered === 0) return undefined
  const reason = backordered > 0 ? 'backordered' : 'preordered'
  const detail = `${backordered + preordered} units, expected ${expected ?? 'on no day'}`
  const markSeconds = expected === undefined ? supplierMarkSeconds : expected < today ? 0 : undefined
  return { reason, detail, waitsFor: 'supplier', markSeconds }
}

const underway = ({ progress: { parcels } }: Live): Waiting => {
  const open = parcels.filter(({ status }) => status !== 'delivered' && status !== 'cancelled')
  const [first] = open
  if (first === undefined) return system('not_completed', 'every parcel arrived, and the order stays open')
  const detail = open.map(({ carrier, tracking, status }) => `${carrier} ${tracking ?? ''} ${status}`).join(', ')
  const waitsFor = open.every(({ status }) => status === 'ready_for_pickup') ? 'customer' : 'carrier'
  return { reason: 'not_delivered', detail, waitsFor, markSeconds: statusMarkSeconds.in_transit }
}
