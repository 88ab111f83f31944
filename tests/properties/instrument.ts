/** All properties, round after round, each round with another seed: what `npm run prove` runs for as long as it is given. */
import type { Finding, Instrument } from '../proof/instrument.ts'
import { cartProperties } from './carts.ts'
import { fileProperties } from './files.ts'
import { moneyProperties } from './money.ts'
import { orderProperties } from './orders.ts'
import { paymentProperties } from './payments.ts'
import { pricingProperties } from './pricing.ts'
import { examine, type Property } from './property.ts'
import { requestProperties } from './requests.ts'
import { sourcingProperties } from './sourcing.ts'
import { stockProperties } from './stock.ts'
import { timeProperties } from './times.ts'
import { workProperties } from './work.ts'

export const properties: readonly Property[] = [
  ...moneyProperties,
  ...pricingProperties,
  ...orderProperties,
  ...workProperties,
  ...paymentProperties,
  ...stockProperties,
  ...sourcingProperties,
  ...cartProperties,
  ...fileProperties,
  ...requestProperties,
  ...timeProperties,
]

/** As many as in CI: a round takes half a minute, so a finding is never far from the seed that shows it. */
const casesARound = 1_000

/** One property after the other until the time is over; what was begun is finished. At least one property is held. */
export const instrumentOf = (all: readonly Property[], cases: number): Instrument => ({
  name: 'properties',
  run: async ({ seed, forMs, say }) => {
    const findings: Finding[] = []
    const names = new Set<string>()
    const began = performance.now()
    let runs = 0
    do {
      const property = all[runs % all.length]
      if (property === undefined) break
      const round = Math.floor(runs / all.length)
      const finding = await examine(property, seed + round, cases)
      if (finding !== undefined) findings.push(finding)
      names.add(property.name)
      runs += 1
      if (runs % all.length === 0) say(`${round + 1} rounds of ${all.length} properties, ${findings.length} findings`)
    } while (performance.now() - began < forMs)
    return { counts: { properties: names.size, cases: runs * cases, rounds: Math.ceil(runs / all.length) }, findings }
  },
})

export const instrument: Instrument = instrumentOf(properties, casesARound)
