/**
 * Money is a safe-integer number of minor units, its currency beside it. No decimals inside Waybill: they exist only at
 * the edges that promise them (requirements B and D, CSV files), and are read and printed here, exactly.
 */
export type Currency = string

/** Minor-unit digits that differ from two (ISO 4217). */
const digitsByCurrency: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
}

export const minorDigits = (currency: Currency): number => digitsByCurrency[currency] ?? 2

/** `255` in GBP → `2.55`, as a JSON number in major units (requirement B2). */
export const toMajor = (minor: number, currency: Currency): number => {
  const digits = minorDigits(currency)
  return Number((minor / 10 ** digits).toFixed(digits))
}

/** `'2.55'` in GBP → `255`; undefined where the text is no decimal, or is finer than the currency's minor unit. */
export const parseMajor = (text: string, currency: Currency): number | undefined => {
  const digits = minorDigits(currency)
  const match = /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(text.trim())
  if (!match) return undefined
  const [, sign, whole, fraction = ''] = match
  if (fraction.slice(digits).replaceAll('0', '') !== '') return undefined
  const minor = Number(`${whole}${fraction.slice(0, digits).padEnd(digits, '0')}`)
  return Number.isSafeInteger(minor) ? (sign === '-' && minor !== 0 ? -minor : minor) : undefined
}

/**
 * Splits an amount over weights so that the parts sum to it exactly: largest remainder, ties to the earlier part.
 * All-zero weights split evenly.
 */
export const spread = (amount: number, weights: readonly number[]): number[] => {
  if (weights.length === 0) return []
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const shares = total > 0 ? weights : weights.map(() => 1)
  const whole = total > 0 ? total : weights.length
  // BigInt: amount × weight of two large safe integers leaves the safe range.
  const exact = shares.map((share) => BigInt(amount) * BigInt(share))
  const parts = exact.map((value) => Number(value / BigInt(whole)))
  const remainders = exact.map((value, index) => ({ index, rest: value % BigInt(whole) }))
  let left = amount - parts.reduce((sum, part) => sum + part, 0)
  const step = left < 0 ? -1 : 1
  remainders.sort((a, b) => (a.rest === b.rest ? a.index - b.index : (step > 0 ? a.rest > b.rest : a.rest < b.rest) ? -1 : 1))
  for (const { index } of remainders) {
    if (left === 0) break
    parts[index] = (parts[index] ?? 0) + step
    left -= step
  }
  return parts
}
