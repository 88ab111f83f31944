/** Counts each delivery against the day it was planned for: one read of the orders and one save a batch. */
import type { OrderId } from '../kernel/ids.ts'
import { dayIn } from '../kernel/time.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { ParcelEvent } from '../shipping/contract.ts'
import { type LatenessRow, latenessOf, type PlannedOrder } from './lateness.ts'
import type { LatenessStore } from './lateness-store.ts'

/** How orders were planned; those without a plan are left out. */
export type PlansOf = (orders: readonly OrderId[]) => Promise<ReadonlyMap<OrderId, PlannedOrder>>

/** @param zone the shop's: it says on which day a parcel came. */
export const countLateness = (store: LatenessStore, plansOf: PlansOf, zone: string): Reaction => ({
  name: 'insights.lateness',
  on: ['ParcelMoved'],
  react: async (work, envelopes) => {
    const delivered = envelopes.flatMap(({ event, at }) => {
      const moved = event as ParcelEvent
      // Late news of an attempt is told with the state that stays: only the delivery itself counts.
      if (moved.type !== 'ParcelMoved' || moved.status !== 'delivered' || (moved.news ?? 'delivered') !== 'delivered') return []
      return [{ order: moved.order, place: moved.place, lines: moved.lines, day: dayIn(zone, moved.happenedAt ?? at) }]
    })
    if (delivered.length > 0) {
      const plans = await plansOf([...new Set(delivered.map(({ order }) => order))])
      const sums = new Map<string, LatenessRow>()
      for (const parcel of delivered) {
        const plan = plans.get(parcel.order)
        const row = plan === undefined ? undefined : latenessOf(parcel, plan)
        if (row === undefined) continue
        const key = [row.month, row.place, row.service, row.country, row.days].join('\n')
        const before = sums.get(key)
        sums.set(key, before === undefined ? row : together(before, row))
      }
      if (sums.size > 0) work.add(store.add([...sums.values()]))
    }
    return envelopes.map(() => 'done' as const)
  },
})

const together = (one: LatenessRow, other: LatenessRow): LatenessRow => ({
  ...one,
  deliveries: one.deliveries + other.deliveries,
  onTime: one.onTime + other.onTime,
})
