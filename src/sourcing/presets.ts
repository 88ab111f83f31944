/** The policies a shop starts with: `cheapest` for every order, `fastest` for express ones, the others to be copied. */
import { decisiveCents, type Policy, policyOf, type PolicyText } from './policy.ts'

/** Looked at last: it matches every order. */
const lastPriority = 1_000
const lateCents = 200

/** Money first; a day costs little, enough to prefer tomorrow at the same price and to send a heavy wait by itself. */
const cheapestText: PolicyText = {
  name: 'cheapest',
  priority: lastPriority,
  weights: { money: 1, perUnitDay: 3, late: lateCents, scarcity: 1 },
}
const texts: readonly PolicyText[] = [
  cheapestText,
  // Kilometres count and nothing else, so nothing is moved: a transfer would make the last leg short and the journey long.
  { name: 'closest', weights: { km: 100 }, allow: { transfer: false } },
  {
    name: 'fastest',
    priority: 100,
    // 1,000.00 a unit and day is above any carriage of that unit; of two equally fast plans the cheaper one is taken.
    weights: { money: 1, perUnitDay: 100_000, late: 100_000, scarcity: 1 },
    when: { shippingMethods: ['express'] },
  },
  {
    name: 'fewestSplits',
    weights: { money: 1, perUnitDay: 3, late: lateCents, split: decisiveCents, scarcity: 1 },
    allow: { transfer: false, backorder: false },
  },
  { name: 'consolidate', weights: { money: 1, perUnitDay: 3, late: lateCents, split: decisiveCents, scarcity: 1 } },
  { name: 'loadBalanced', weights: { money: 1, perUnitDay: 3, late: lateCents, load: 400, scarcity: 1 } },
]
export const presets: readonly Policy[] = texts.map((text) => policyOf(text, 1))
export const presetText = (name: string): PolicyText | undefined => texts.find((text) => text.name === name)

/** Always there: where no live policy matches, this one decides. */
export const cheapest: Policy = policyOf(cheapestText, 1)
/** Live before anybody has set up anything, so that the speed a buyer asks for is heeded. */
export const liveFromTheStart: readonly string[] = ['cheapest', 'fastest']
