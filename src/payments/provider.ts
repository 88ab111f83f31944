/**
 * What Waybill asks of a payment provider. Every call that moves money carries a key of ours (the capture's or refund's
 * id), the same through every retry, so that asking twice moves money once. A provider answers, declines (a value: the
 * business said no, nothing moved) or cannot be reached (`Unreachable` is thrown: nobody knows, so it is asked again).
 */
import type { Refusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { PaymentMethod } from './contract.ts'

export type PageRequest = Readonly<{
  /** The key: the same payment always has the same page. */
  payment: string
  order: OrderId
  amount: number
  currency: string
  method: PaymentMethod
  captureAt: 'placement' | 'shipment'
  /** Where the buyer goes afterwards. */
  returnUrl?: string
}>
export type Page = Readonly<{ reference: string; url: string }>
export type MoneyRequest = Readonly<{ reference: string; key: string; amount: number; currency: string }>
export type RefundDone = Readonly<{ key: string; amount: number; reference: string }>

/** Everything in totals, so that an answer read late or twice says nothing wrong. */
export type ProviderStatus = Readonly<{
  /** `processing`: the provider itself does not know yet. */
  state: 'open' | 'processing' | 'authorized' | 'failed' | 'cancelled' | 'voided'
  authorized: number
  captured: number
  voided: number
  currency: string
  refunds: readonly RefundDone[]
}>

export type NewsType =
  | 'Payment_Success'
  | 'Payment_Failure'
  | 'Payment_Cancelled'
  | 'Payment_Declined'
  | 'Payment_Processing'
  | (string & {})

/** A webhook whose signature was right. At least one of `payment` and `reference` is there. */
export type ProviderNews = Readonly<{
  /** The same for every delivery of the same news. */
  id: string
  type: NewsType
  payment?: string | undefined
  reference?: string | undefined
  amount: number
  currency: string
  captured?: boolean | undefined
  reason?: string | undefined
}>

export type WebhookReason = 'webhook_signature_invalid' | 'webhook_invalid'
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface PaymentProvider {
  readonly name: string
  createPage(request: PageRequest): Promise<Page | Refusal<'declined'>>
  /** @returns what is captured in total. */
  capture(request: MoneyRequest): Promise<Readonly<{ captured: number }> | Refusal<'declined'>>
  refund(request: MoneyRequest): Promise<Readonly<{ reference: string }> | Refusal<'declined'>>
  /** Gives back what is authorised and not captured, or closes the page. @returns the totals afterwards. */
  void(request: Readonly<{ reference: string; key: string }>): Promise<ProviderStatus | Refusal<'declined'>>
  status(reference: string): Promise<ProviderStatus | Refusal<'declined'>>
  /** Checks the signature over the raw body, and its age. */
  parseWebhook(rawBody: Buffer, headers: WebhookHeaders, now: Instant): Promise<ProviderNews | Refusal<WebhookReason>>
}

/** No answer: it may have happened or not. */
export class Unreachable extends Error {
  readonly provider: string
  constructor(provider: string, asked: string, cause?: unknown) {
    super(`${provider} did not answer (${asked}): it is asked again`, { cause })
    this.provider = provider
  }
}
