/** Every refusal of an order has an HTTP form, or this file does not compile. */
import type { ProblemTable } from '../platform/http/refusals.ts'
import { commonProblems } from '../platform/http/refusals.ts'
import type { OrderReason } from './contract.ts'
import type { IntakeReason } from './intake-service.ts'
import type { PlaceReason } from './placement-service.ts'

export const orderProblems: ProblemTable<OrderReason | PlaceReason | IntakeReason> = {
  ...commonProblems,
  order_not_found: { status: 404, title: 'No such order' },
  order_exists: { status: 409, title: 'Order already exists' },
  insufficient_stock: { status: 409, title: 'Not enough stock' },
  promise_invalid: { status: 400, title: 'Promise is not usable' },
  promise_expired: { status: 409, title: 'Promise has expired' },
  promise_mismatch: { status: 422, title: 'Promise was for another order' },
  promise_not_kept: { status: 409, title: 'Promise can no longer be kept' },
  order_not_cancellable: { status: 409, title: 'Order can no longer be cancelled' },
  order_closed: { status: 409, title: 'Order is closed' },
  line_not_found: { status: 422, title: 'No such line' },
  quantity_exceeds_current: { status: 409, title: 'More units than there are' },
  units_not_addable: { status: 409, title: 'Units cannot be added' },
  hold_not_found: { status: 404, title: 'No such hold' },
  not_payable: { status: 409, title: 'Order cannot take a payment now' },
  nothing_to_choose: { status: 409, title: 'Nothing to choose' },
  plan_begun: { status: 409, title: 'Plan is being carried out' },
  no_better_plan: { status: 409, title: 'No better plan' },
  external_ref_taken: { status: 409, title: 'externalRef is taken' },
  cart_empty: { status: 409, title: 'Cart is empty' },
  cart_changed: { status: 409, title: 'Cart has changed', retryable: true },
  product_unknown: { status: 422, title: 'No such product' },
  price_changed: { status: 422, title: 'Price has changed' },
  currency_mixed: { status: 422, title: 'One currency an order' },
  promotion_unknown: { status: 422, title: 'No such promotion code' },
  promotion_not_applicable: { status: 422, title: 'Promotion code does not apply' },
  shipping_method_unknown: { status: 422, title: 'No such delivery method' },
  amount_too_large: { status: 422, title: 'Amount is too large' },
  address_undeliverable: { status: 422, title: 'Address cannot be delivered to' },
}
