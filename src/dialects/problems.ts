/** What goes wrong, in the words of the dialects: B says it as problem+json, D in its envelope. Pure. */
import { isRefusal, type Refusal } from '../kernel/decider.ts'
import { type FieldProblem, Problem, type ProblemKind } from '../kernel/problem.ts'

const kinds: Readonly<Record<string, ProblemKind>> = {
  order_not_found: { status: 404, title: 'No such order' },
  product_not_found: { status: 404, title: 'No such product' },
  user_not_found: { status: 404, title: 'No such user' },
  cart_not_found: { status: 404, title: 'No such cart' },
  item_not_found: { status: 404, title: 'Not in the cart' },
  user_exists: { status: 409, title: 'There is such a user already' },
  user_invalid: { status: 400, title: 'The user is not well formed' },
  forbidden: { status: 403, title: 'Not allowed' },
  insufficient_stock: { status: 409, title: 'Not enough stock' },
  order_not_cancellable: { status: 409, title: 'Order can no longer be cancelled' },
  order_closed: { status: 409, title: 'Order is closed' },
  units_not_addable: { status: 409, title: 'Units cannot be added' },
  quantity_exceeds_current: { status: 409, title: 'More units than there are' },
  step_impossible: { status: 409, title: 'The order cannot take this step now' },
  not_paid: { status: 409, title: 'Money is open' },
  order_held: { status: 409, title: 'A hold blocks it' },
  nothing_to_assemble: { status: 409, title: 'Nothing to assemble' },
  not_assembled_yet: { status: 409, title: 'Not every product is there' },
  no_parcels: { status: 409, title: 'Nothing is packed' },
  collection_blocked: { status: 409, title: 'Hand-over is blocked' },
  parcel_not_collected: { status: 409, title: 'A parcel is still at its warehouse' },
  cart_empty: { status: 409, title: 'Cart is empty' },
  cart_changed: { status: 409, title: 'Cart has changed', retryable: true },
  version_mismatch: { status: 409, title: 'It has changed since you read it' },
  not_payable: { status: 409, title: 'Order cannot take a payment now' },
  quantity_reserved: { status: 409, title: 'Units are reserved' },
  idempotency_key_reused: { status: 422, title: 'Idempotency-Key was used for another request' },
  item_unknown: { status: 422, title: 'No such item in the order' },
  contradiction: { status: 422, title: 'The request contradicts itself' },
  product_unknown: { status: 422, title: 'No such product' },
  product_invalid: { status: 422, title: 'The product is not well formed' },
  price_invalid: { status: 422, title: 'The price is not usable' },
  currency_mixed: { status: 422, title: 'One currency an order' },
  cart_full: { status: 422, title: 'The cart is full' },
  quantity_too_large: { status: 422, title: 'Too many units' },
  amount_too_large: { status: 422, title: 'Amount is too large' },
  address_undeliverable: { status: 422, title: 'Address cannot be delivered to' },
}
/** A reason that a room learnt to give later is still a no to what was asked, and no fault of ours. */
const otherwise: ProblemKind = { status: 409, title: 'Not possible now' }

/** Whose items a refusal speaks of: the rooms say `/lines/0/sku`, the caller wrote `/orderItems/0/productId`. */
export type Items = Readonly<{ name: string; skus: readonly string[] }>
const fieldNames: Readonly<Record<string, string>> = { sku: 'productId', unitPrice: 'price' }

export const problemIn = (refusal: Refusal, items: Items = { name: 'orderItems', skus: [] }): Problem => {
  const {
    errors,
    lastOrder,
    version,
    sku: _,
    ...more
  } = { errors: undefined, ...refusal.about } as Readonly<Record<string, unknown>>
  const stale = refusal.refused === 'version_mismatch'
  const detail = stale
    ? `${refusal.detail}. Refresh it (GET), look at what has changed, and try again with the new version.`
    : typeof lastOrder !== 'string'
      ? refusal.detail
      : `${refusal.detail}; the last order made of it is ${lastOrder}`
  const named = Array.isArray(errors) ? (errors as readonly FieldProblem[]).map((error) => translated(error, items)) : []
  return new Problem(refusal.refused, kinds[refusal.refused] ?? otherwise, detail, {
    errors: named,
    more: {
      ...more,
      ...(lastOrder === undefined ? {} : { orderId: lastOrder }),
      ...(version === undefined ? {} : { version }),
    },
  })
}

/** The outcome, or what it refuses thrown as a problem. */
export const unlessRefused = <Outcome>(outcome: Outcome, items?: Items): Exclude<Outcome, Refusal> => {
  if (!isRefusal(outcome)) return outcome as Exclude<Outcome, Refusal>
  throw problemIn(outcome, items)
}

const translated = ({ pointer, sku, ...rest }: FieldProblem, { name, skus }: Items): FieldProblem => {
  const said = typeof sku === 'string' ? { productId: sku } : {}
  const line = /^\/lines(?:\/(\d+)\/(\w+))?$/.exec(pointer)
  if (line === null) {
    const field = pointer.slice(1)
    if (pointer.startsWith('/shippingAddress')) return { pointer: '/userId', ...rest }
    return { pointer: `/${fieldNames[field] ?? field}`, ...rest, ...said }
  }
  // A bundle's parts stand between the lines that were asked for: where the product is named, it is looked up.
  const index = typeof sku === 'string' ? skus.indexOf(sku) : Number(line[1] ?? -1)
  const field = line[2] ?? ''
  return { pointer: index < 0 ? `/${name}` : `/${name}/${index}/${fieldNames[field] ?? field}`, ...rest, ...said }
}

/** Beyond these nobody reads on. */
const errorsNamed = 5

/** D's envelope for everything that is not a success. */
export const envelope = (problem: Problem) => {
  const fields = problem.errors
    .slice(0, errorsNamed)
    .map(({ pointer, detail }) => `${pointer.slice(1) || 'body'}: ${detail ?? problem.message}`)
  return {
    status: problem.kind.status,
    body: { success: false, data: null, error: fields.length > 0 ? fields.join('; ') : problem.message },
  }
}
