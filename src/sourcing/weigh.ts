/**
 * A policy's weights as the solver's prices: money multiplies what carriers, places and lanes charge, kilometres are added
 * to what a parcel or a transfer costs at all. Whole cents after weighing. What is really paid is kept beside. Pure.
 */
import type { Lane, Service, Site } from './instance.ts'
import type { Weights } from './policy.ts'

export type Weighing = Pick<Weights, 'money' | 'km'>
/** Score and money are the same then. */
export const isPlain = ({ money, km }: Weighing): boolean => money === 1 && km === 0
export const plain: Weighing = { money: 1, km: 0 }

/** The tariff behind a weighed service or lane, and what its distance weighs in it. */
export type Paid<Priced> = Readonly<{ real: Priced; distance: number }>

export const weighService = (
  real: Service,
  { money, km: perKm }: Weighing,
  km: number,
): Paid<Service> & Readonly<{ weighed: Service }> => {
  const distance = Math.round(km * perKm)
  const weighed: Service = {
    id: real.id,
    base: Math.round(real.base * money) + distance,
    perKg: Math.round(real.perKg * money),
    days: real.days,
    arr: real.arr,
    tariff: real.tariff?.map((step) => ({ upToGrams: step.upToGrams, cents: Math.round(step.cents * money) })) ?? null,
  }
  return { real, distance, weighed }
}

export const weighLane = (real: Lane, { money, km: perKm }: Weighing, km: number): Paid<Lane> & Readonly<{ weighed: Lane }> => {
  const distance = Math.round(km * perKm)
  const { from, to, days, arr = null } = real
  return {
    real,
    distance,
    weighed: { from, to, fixed: Math.round(real.fixed * money) + distance, perKg: Math.round(real.perKg * money), days, arr },
  }
}

export const weighHandling = (site: Pick<Site, 'pick' | 'perUnit'>, { money }: Weighing): Pick<Site, 'pick' | 'perUnit'> => ({
  pick: Math.round(site.pick * money),
  perUnit: Math.round(site.perUnit * money),
})

/** Lanes are told apart by their ends, in the caller's numbering of places. */
export const laneKey = (from: number, to: number): string => `${from} ${to}`
