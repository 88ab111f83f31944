/** Whether a policy makes sense: every fault at once, each with the pointer to its field and how to mend it. Pure. */
import { Value } from 'typebox/value'
import type { FieldProblem } from '../kernel/problem.ts'
import { type Policy, policyOf, policySchema, type PolicyText, type Terms, type Weights } from './policy.ts'

/** Worst-case sums stay below this, well inside what the solver counts exactly (`exactCentsMax` of problem.ts: 2.2 × 10^12). */
export const worstCaseCentsMax = 1_000_000_000_000

/**
 * The largest order that a policy's weights must be able to sum exactly: a wholesale basket of 100 lines and 10,000
 * units that costs 10,000.00 to send, waits 60 days and goes around half the globe in 100 parcels, each line moved once.
 */
const worst = { carriageCents: 1_000_000, units: 10_000, days: 60, parcels: 100, journeys: 200, km: 20_000, priceCents: 1_000 }
const worstOf = ({ money, km, perUnitDay, late, split, load, scarcity }: Weights): Weights => ({
  money: money * worst.carriageCents,
  km: km * worst.km * worst.journeys,
  perUnitDay: perUnitDay * worst.units * worst.days,
  late: late * worst.units * worst.days,
  split: split * worst.parcels,
  load: load * worst.parcels,
  scarcity: scarcity * worst.priceCents * worst.units,
})

export type Parsed = Readonly<{ policy: Policy; text: PolicyText } | { errors: readonly FieldProblem[] }>

/** @param version of the policy that is made; a text names no version of its own. */
export const parsePolicy = (value: unknown, version = 1): Parsed => {
  const shape = shapeErrors(value)
  if (shape.length > 0) return { errors: shape }
  const text = value as PolicyText
  const policy = policyOf(text, version)
  const errors = [
    ...termsErrors('', text, policy),
    ...(policy.ladder ?? []).flatMap((terms, step) => termsErrors(`/ladder/${step}`, text.ladder?.[step] ?? {}, terms)),
    ...ladderErrors(policy),
    ...whenErrors(policy),
  ]
  return errors.length > 0 ? { errors } : { policy, text }
}

const shapeErrors = (value: unknown): FieldProblem[] => {
  if (Value.Check(policySchema, value)) return []
  const found = new Map<string, FieldProblem>()
  const constants = new Map<string, unknown[]>()
  for (const { instancePath, keyword, message, params } of Value.Errors(policySchema, value)) {
    // The field itself is named by an error of its own.
    if (keyword === 'additionalProperties') continue
    const lacking = keyword === 'required' && 'requiredProperties' in params ? params.requiredProperties : []
    const pointers = lacking.length === 0 ? [instancePath] : lacking.map((name) => `${instancePath}/${name}`)
    if (keyword === 'const' && 'allowedValue' in params)
      constants.set(instancePath, [...(constants.get(instancePath) ?? []), params.allowedValue])
    for (const pointer of pointers) {
      const detail = `${wordsOf(keyword, message, constants.get(pointer) ?? [])} (docs/reference/policies.md)`
      if (!found.has(pointer) || keyword === 'const') found.set(pointer, { pointer, code: codes[keyword] ?? keyword, detail })
    }
  }
  return [...found.values()]
}

/** A field that the schema does not have fails by the schema `false`. */
const codes: Readonly<Record<string, string>> = { boolean: 'unknown_field' }
const wordsOf = (keyword: string, message: string, allowed: readonly unknown[]): string => {
  if (keyword === 'boolean') return 'there is no such field: leave it out'
  if (keyword === 'required') return 'it is missing: say it'
  return allowed.length === 0 ? message : `it must be ${allowed.map(String).join(' or ')}`
}

const termsErrors = (
  at: string,
  said: Pick<PolicyText, 'limits' | 'filters'>,
  { weights, allow, filters }: Terms,
): FieldProblem[] => {
  const errors: FieldProblem[] = []
  const wrong = (pointer: string, code: string, detail: string): void => {
    errors.push({ pointer: `${at}${pointer}`, code, detail })
  }
  if (Object.values(weights).every((weight) => weight === 0))
    wrong('/weights', 'nothing_weighed', 'all weights are 0, so every plan is as good as any: give at least one, such as money: 1')
  const sums = Object.entries(worstOf(weights))
  const sum = sums.reduce((total, [, cents]) => total + cents, 0)
  if (!(sum < worstCaseCentsMax)) {
    const [largest = ['money', 0]] = sums.toSorted(([, a], [, b]) => b - a)
    const name = largest[0] as keyof Weights
    const least = Math.floor((weights[name] * (worstCaseCentsMax / 2)) / sum)
    wrong(
      `/weights/${name}`,
      'weights_too_large',
      `on a large order the weights could sum to ${sum} cents, beyond the ${worstCaseCentsMax} that are compared exactly: lower ${name} to ${least} or less`,
    )
  }
  if (!allow.transfer && (said.limits?.maxTransfers ?? 0) > 0)
    wrong(
      '/limits/maxTransfers',
      'no_effect',
      'transfers are not allowed, so a limit has no effect: leave it out, or set allow.transfer',
    )
  if (!allow.splitOrder && (said.limits?.maxParcels ?? 1) > 1)
    wrong('/limits/maxParcels', 'no_effect', 'one parcel is all there may be: leave maxParcels out, or set allow.splitOrder')
  if (!allow.backorder && (said.limits?.maxWaitDays ?? 0) > 0)
    wrong(
      '/limits/maxWaitDays',
      'no_effect',
      'waiting is not allowed, so a limit has no effect: leave it out, or set allow.backorder',
    )
  return [...errors, ...filterErrors(at, filters)]
}

const filterErrors = (at: string, filters: Terms['filters']): FieldProblem[] =>
  (['warehouses', 'countries'] as const).flatMap((kind): FieldProblem[] => {
    const except = kind === 'warehouses' ? 'exceptWarehouses' : 'exceptCountries'
    const both = filters[kind]?.find((name) => filters[except]?.includes(name) === true)
    if (both === undefined) return []
    const detail = `${both} is let in by filters.${kind} and shut out by filters.${except}: leave it out of one of them`
    return [{ pointer: `${at}/filters/${except}`, code: 'contradiction', detail }]
  })

const ladderErrors = ({ ladder }: Policy): FieldProblem[] => {
  const seen = new Map<string, number>()
  return (ladder ?? []).flatMap((step, index): FieldProblem[] => {
    const key = JSON.stringify(step)
    const twin = seen.get(key)
    seen.set(key, twin ?? index)
    if (twin === undefined) return []
    const detail = `it says the same as step ${twin + 1}, which is tried before: leave it out, or change it`
    return [{ pointer: `/ladder/${index}`, code: 'never_reached', detail }]
  })
}

const whenErrors = ({ when }: Policy): FieldProblem[] => {
  if (when.minTotal === undefined || when.maxTotal === undefined || when.minTotal <= when.maxTotal) return []
  const detail = `no total is at least ${when.minTotal} and at most ${when.maxTotal}: swap them, or leave one out`
  return [{ pointer: '/when/minTotal', code: 'matches_nothing', detail }]
}
