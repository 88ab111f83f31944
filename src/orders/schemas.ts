/** What `/v1/orders` accepts. Unknown fields are refused; every limit has its reason beside it. */
import { Type } from 'typebox'
import { pageQuery } from '../platform/http/pages.ts'

/** DESIGN §13, Limits. */
export const linesMax = 2_000
export const quantityMax = 1_000_000
const nameLengthMax = 200
const notesLengthMax = 2_000
/** A token has about 350 characters; longer names of channel and method make it at most 500. */
const promiseLengthMax = 1_000
/** The caller's own ids (issue: 1 to 64 of letters, digits, space, `.`, `_`, `:`, `-`). */
export const outsideId = '^[A-Za-z0-9 ._:\\-]{1,64}$'
export const uuid = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const closed = { additionalProperties: false } as const

export const Address = Type.Object(
  {
    name: Type.Optional(text(nameLengthMax)),
    lines: Type.Optional(Type.Array(text(nameLengthMax), { maxItems: 6 })),
    city: Type.Optional(text(nameLengthMax)),
    region: Type.Optional(text(nameLengthMax)),
    postalCode: Type.Optional(text(20)),
    country: Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166, two letters' }),
    phone: Type.Optional(text(40)),
  },
  closed,
)

const Lines = Type.Array(
  Type.Object(
    {
      sku: Type.String({ pattern: outsideId }),
      quantity: Type.Integer({ minimum: 1, maximum: quantityMax }),
      unitPrice: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    },
    closed,
  ),
  { minItems: 1, maxItems: linesMax },
)
const Channel = Type.Optional(Type.String({ pattern: '^[a-z0-9_-]{1,32}$' }))
const Currency = Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' }))
const Method = Type.Optional(Type.String({ pattern: '^[a-z0-9_-]{1,32}$' }))
const Shortage = Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('cancelLine'), Type.Literal('backorder')]))
const Codes = Type.Optional(Type.Union([Type.Array(text(40), { maxItems: 10 }), Type.Null()]))

/** What an order says that decides its day and its price; of the address only country and postal code are looked at. */
export const AskPromise = Type.Object(
  {
    lines: Lines,
    shippingAddress: Address,
    channel: Channel,
    currency: Currency,
    onShortage: Shortage,
    shippingMethod: Method,
    promotionCodes: Codes,
  },
  closed,
)

export const PlaceOrder = Type.Object(
  {
    externalRef: Type.Optional(Type.String({ pattern: outsideId })),
    userId: Type.Optional(Type.String({ pattern: outsideId })),
    channel: Channel,
    source: Type.Optional(text(32)),
    currency: Currency,
    customer: Type.Optional(
      Type.Object(
        {
          email: Type.Optional(Type.String({ maxLength: 254, pattern: '^[^\\s@]+@[^\\s@]+$' })),
          phone: Type.Optional(text(40)),
          name: Type.Optional(text(nameLengthMax)),
          locale: Type.Optional(text(20)),
        },
        closed,
      ),
    ),
    shippingAddress: Type.Optional(Address),
    lines: Lines,
    onShortage: Shortage,
    shippingMethod: Method,
    promotionCodes: Codes,
    promise: Type.Optional(text(promiseLengthMax)),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9, description: 'In the queue for supply; the office only' })),
    customerGroup: Type.Optional(
      Type.String({ pattern: '^[a-z0-9_-]{1,32}$', description: 'Chooses the policy of sourcing; the office only' }),
    ),
    paymentTerms: Type.Optional(Type.Union([Type.Literal('prepaid'), Type.Literal('on_account')])),
    payment: Type.Optional(
      Type.Object(
        {
          method: Type.Optional(text(40)),
          capture: Type.Optional(Type.Union([Type.Literal('placement'), Type.Literal('shipment')])),
        },
        closed,
      ),
    ),
    notes: Type.Optional(text(notesLengthMax)),
    deliveryInstructions: Type.Optional(Type.Union([text(notesLengthMax), Type.Null()])),
  },
  closed,
)

export const CancelOrder = Type.Object(
  {
    reason: Type.Optional(text(500)),
    lines: Type.Optional(
      Type.Array(Type.Object({ id: text(20), quantity: Type.Integer({ minimum: 1, maximum: quantityMax }) }, closed), {
        minItems: 1,
        maxItems: linesMax,
      }),
    ),
    refund: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('none')])),
  },
  closed,
)
export const MakeChoice = Type.Object(
  {
    choice: Type.Union([Type.Literal('wait'), Type.Literal('split'), Type.Literal('cancel')]),
    lines: Type.Optional(Type.Array(Type.Object({ id: text(20) }, closed), { minItems: 1, maxItems: linesMax })),
  },
  closed,
)
export const HoldOrder = Type.Object(
  {
    kind: Type.String({ pattern: '^[a-z0-9_]{1,40}$' }),
    blocks: Type.Optional(Type.Union([Type.Literal('release'), Type.Literal('collection')])),
  },
  closed,
)
export const ReleaseHold = Type.Object({ hold: text(64) }, closed)
export const Replan = Type.Object(
  {
    leastSaving: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000, description: 'cents, as the policy weighs them' })),
  },
  closed,
)
export const AddNote = Type.Object({ text: text(notesLengthMax) }, closed)
export const EditOrder = Type.Object({ shippingAddress: Address }, closed)
export const OrderIdParams = Type.Object({ id: Type.String({ pattern: uuid }) })
export const ListQuery = Type.Object(
  {
    status: Type.Optional(
      Type.String({
        pattern: '^(received|paid|ready|in_transit|completed|cancelled)(,(received|paid|ready|in_transit|completed|cancelled))*$',
      }),
    ),
    userId: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
    externalRef: Type.Optional(Type.String()),
    number: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    q: Type.Optional(Type.String({ maxLength: 200 })),
    'placedAt[gte]': Type.Optional(Type.String({ format: 'moment' })),
    'placedAt[lt]': Type.Optional(Type.String({ format: 'moment' })),
    ...pageQuery,
  },
  { additionalProperties: false },
)
