/** What the shop weighs: all in cents, so that a plan's cost is one sum. Versioned, immutable once used. */
export type Policy = Readonly<{
  id: string
  /** What a day of waiting costs, a unit. */
  perUnitDayCents: number
  /** What a day after the wished date costs, a unit. */
  latePerUnitDayCents: number
  /** What a parcel costs beyond its carrier and picking: a second doorbell. */
  splitCents: number
}>

/** Money first; a day costs little, enough to prefer tomorrow at the same price and to send a heavy wait by itself. */
export const cheapest: Policy = { id: 'cheapest@1', perUnitDayCents: 3, latePerUnitDayCents: 200, splitCents: 0 }
/** A day earlier is worth any carriage: 50.00 a unit and day acts lexicographically at parcel prices. */
export const fastest: Policy = { id: 'fastest@1', perUnitDayCents: 5000, latePerUnitDayCents: 5000, splitCents: 0 }
/** One parcel if it can be; 10,000.00 a parcel is above any carriage. */
export const fewestParcels: Policy = { id: 'fewestParcels@1', perUnitDayCents: 3, latePerUnitDayCents: 200, splitCents: 1_000_000 }
export const policies: readonly Policy[] = [cheapest, fastest, fewestParcels]
