/** Promotion codes: what each may be, and when one applies. Pure. */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant } from '../kernel/ids.ts'
import { milliseconds } from '../kernel/time.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import type { CatalogEvent } from './contract.ts'
import { unitPriceMax } from './product.ts'

export type Promotion = Readonly<{
  /** Upper case; callers may write it as they like. */
  code: string
  kind: 'percent' | 'amount'
  /** Basis points (1,000 = 10 %) or minor units of `currency`. */
  value: number
  currency: string | null
  startsAt: Instant | null
  endsAt: Instant | null
  /** Minor units of `currency`, before any discount; 0: none. */
  minimumSubtotal: number
  active: boolean
  version: number
}>
export type PromotionDraft = Readonly<
  { code: string; kind: Promotion['kind']; value: number } & Partial<Omit<Promotion, 'version'>>
>
export type PromotionCommand = Readonly<
  | { do: 'save'; draft: PromotionDraft; expected?: number | undefined }
  | { do: 'archive'; code: string; expected?: number | undefined }
>
export type PromotionReason = 'promotion_not_found' | 'promotion_invalid' | 'version_mismatch' | 'version_required'
export type ShippingMethod = Readonly<{ code: string; name: string; price: number; currency: string }>

/** 100 % in basis points. */
export const wholeBasisPoints = 10_000
export const promotionPattern = '^[A-Za-z0-9._:-]{1,64}$'
export const canonicalCode = (code: string): string => code.trim().toUpperCase()
export const codeOf = (command: PromotionCommand): string =>
  canonicalCode(command.do === 'save' ? command.draft.code : command.code)

export const decidePromotion = (command: PromotionCommand, before: Promotion | undefined): Promotion | Refusal<PromotionReason> => {
  const code = codeOf(command)
  const version = before?.version ?? 0
  if (command.expected !== undefined && command.expected !== version) {
    return command.expected === 0
      ? refuse('version_required', `${code} exists: send If-Match with the ETag of the version you want to replace`, { version })
      : refuse('version_mismatch', `${code} is at version ${version}: read it again and repeat the change`, { version })
  }
  if (command.do === 'archive') {
    if (before === undefined) return refuse('promotion_not_found', `there is no promotion ${code}`)
    return before.active ? { ...before, active: false, version: version + 1 } : before
  }
  const { draft } = command
  const after: Promotion = {
    code,
    kind: draft.kind,
    value: draft.value,
    currency: draft.currency ?? null,
    startsAt: draft.startsAt ?? null,
    endsAt: draft.endsAt ?? null,
    minimumSubtotal: draft.minimumSubtotal ?? 0,
    active: draft.active ?? true,
    version: version + 1,
  }
  const [first, ...others] = faults(after)
  if (first !== undefined) return refuse('promotion_invalid', String(first.detail), { errors: [first, ...others] })
  return before !== undefined && changedTerms(before, after).length === 0 ? before : after
}

const faults = ({ kind, value, currency, minimumSubtotal, startsAt, endsAt }: Promotion): readonly FieldProblem[] => [
  ...(!Number.isSafeInteger(value) || value < 1 || value > unitPriceMax
    ? [{ pointer: '/value', code: 'invalid', detail: `must be whole, from 1 to ${unitPriceMax}` }]
    : []),
  ...(kind === 'percent' && value > wholeBasisPoints
    ? [{ pointer: '/value', code: 'too_large', detail: 'a percentage is given in basis points: 10000 is everything' }]
    : []),
  ...(currency === null && kind === 'amount'
    ? [{ pointer: '/currency', code: 'required', detail: 'an amount needs a currency' }]
    : []),
  ...(currency === null && kind === 'percent' && minimumSubtotal > 0
    ? [{ pointer: '/currency', code: 'required', detail: 'a minimum needs a currency' }]
    : []),
  ...(startsAt !== null && endsAt !== null && milliseconds(endsAt) <= milliseconds(startsAt)
    ? [{ pointer: '/endsAt', code: 'too_early', detail: 'it ends before it starts' }]
    : []),
]

const compared = [
  'kind',
  'value',
  'currency',
  'startsAt',
  'endsAt',
  'minimumSubtotal',
  'active',
] as const satisfies readonly (keyof Promotion)[]
const changedTerms = (before: Promotion, after: Promotion): readonly string[] =>
  compared.filter((term) => before[term] !== after[term])

export const promotionFact = (before: Promotion | undefined, after: Promotion): CatalogEvent =>
  before === undefined
    ? { type: 'PromotionAdded', code: after.code, version: after.version }
    : { type: 'PromotionChanged', code: after.code, version: after.version, fields: changedTerms(before, after) }

/** Why it does not apply to a basket of this subtotal now; undefined where it does. */
export const unmet = (
  promotion: Promotion,
  basket: Readonly<{ subtotal: number; currency: string; at: Instant }>,
): string | undefined => {
  const { code, currency, startsAt, endsAt, minimumSubtotal } = promotion
  if (startsAt !== null && milliseconds(basket.at) < milliseconds(startsAt)) return `${code} is not valid before ${startsAt}`
  if (endsAt !== null && milliseconds(basket.at) >= milliseconds(endsAt)) return `${code} ended at ${endsAt}`
  if (currency !== null && currency !== basket.currency) return `${code} is for orders in ${currency}`
  if (basket.subtotal < minimumSubtotal) return `${code} needs a subtotal of ${minimumSubtotal} (minor units)`
  return undefined
}
