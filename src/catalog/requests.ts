/** What the catalogue's routes share: shapes of requests and answers, problems. Pure. */
import { Type } from '@fastify/type-provider-typebox'
import type { Instant, Sku } from '../kernel/ids.ts'
import type { ProblemKind } from '../kernel/problem.ts'
import { basketLimits, skuPattern, type WhenSoldOut } from './contract.ts'
import { componentsMax, componentUnitsMax, gramsMax, pricesMax, type ProductReason, textMax, unitPriceMax } from './product.ts'
import { promotionPattern, type PromotionReason } from './promotion.ts'

export const sku = Type.Unsafe<Sku>({ type: 'string', pattern: skuPattern })
const currency = Type.String({ pattern: '^[A-Z]{3}$' })
const money = Type.Integer({ minimum: 0, maximum: unitPriceMax })
/** PostgreSQL's text holds every character but this one. */
const text = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength, pattern: '^[^\\u0000]*$' })
const instant = Type.Unsafe<Instant>({ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$' })
const orNull = <Shape extends Parameters<typeof Type.Union>[0][number]>(shape: Shape) => Type.Union([shape, Type.Null()])
const soldOut: readonly WhenSoldOut[] = ['deny', 'backorder', 'preorder']

export const skuParams = Type.Object({ sku })
export const codeParams = Type.Object({ code: Type.String({ pattern: promotionPattern }) })

export const productBody = Type.Object(
  {
    name: text(textMax.name, 1),
    description: Type.Optional(text(textMax.description)),
    unitPrice: money,
    currency,
    grams: Type.Optional(Type.Integer({ minimum: 0, maximum: gramsMax })),
    whenSoldOut: Type.Optional(Type.Unsafe<WhenSoldOut>({ type: 'string', enum: soldOut })),
    lowStock: Type.Optional(Type.Integer({ minimum: 0, maximum: basketLimits.unitsMax })),
    components: Type.Optional(
      Type.Array(
        Type.Object({ sku, quantity: Type.Integer({ minimum: 1, maximum: componentUnitsMax }) }, { additionalProperties: false }),
        { maxItems: componentsMax },
      ),
    ),
    prices: Type.Optional(
      Type.Array(
        Type.Object({ currency, channel: Type.Optional(text(64, 1)), unitPrice: money }, { additionalProperties: false }),
        { maxItems: pricesMax },
      ),
    ),
  },
  { additionalProperties: false },
)

export const promotionBody = Type.Object(
  {
    kind: Type.Unsafe<'percent' | 'amount'>({ type: 'string', enum: ['percent', 'amount'] }),
    value: Type.Integer({ minimum: 1, maximum: unitPriceMax }),
    currency: Type.Optional(orNull(currency)),
    startsAt: Type.Optional(orNull(instant)),
    endsAt: Type.Optional(orNull(instant)),
    minimumSubtotal: Type.Optional(money),
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

export const catalogProblems = {
  product_not_found: { status: 404, title: 'No such product' },
  product_invalid: { status: 422, title: 'The product is not well formed' },
  component_unknown: { status: 422, title: 'A part of the bundle is unknown' },
  component_is_bundle: { status: 422, title: 'A part of the bundle is a bundle' },
  bundle_is_component: { status: 422, title: 'The product is part of a bundle' },
  promotion_not_found: { status: 404, title: 'No such promotion' },
  promotion_invalid: { status: 422, title: 'The promotion cannot work so' },
  version_mismatch: { status: 412, title: 'It has changed since you read it' },
  version_required: { status: 428, title: 'If-Match is missing' },
} as const satisfies Record<ProductReason | PromotionReason, ProblemKind>
