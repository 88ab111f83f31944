/**
 * What is asked of the provider, outside every transaction. A call that is not answered leaves the payment `unknown`; it is
 * asked again with the same key, later and later, until the answer is known. Nothing is ever guessed.
 */
import { isRefusal, type Refusal } from '../../kernel/decider.ts'
import type { Instant } from '../../kernel/ids.ts'
import { milliseconds } from '../../kernel/time.ts'
import { type ClaimedTask, oneByOne, type TaskHandler, type TaskResult } from '../../platform/tasks/handler.ts'
import type { PaymentCommand } from '../payment.ts'
import type { Started } from '../payment-state.ts'
import { type PaymentProvider, type ProviderStatus, Unreachable } from '../provider.ts'
import { type PaymentService, taskKinds } from '../service.ts'

export type TaskOptions = Readonly<{
  service: PaymentService
  providers: ReadonlyMap<string, PaymentProvider>
  now: () => Instant
  /** The page of a payment is ready. */
  pageReady: (payment: string) => void
}>

/** A whole claim: what they read and tell then shares statements. An adapter queues what its connections cannot take at once. */
const askedAtOnceMax = 256
/** Money in doubt is asked about for a week (the worker waits ten minutes at most between tries) before people must look. */
const attemptsMax = 1_000
/** An open page is asked about this often: soon at first, hourly in the end, for a week. */
const askedEvery = { leastSeconds: 5, mostSeconds: 3_600, forSeconds: 7 * 86_400 } as const

type Step = (payment: Started, provider: PaymentProvider, task: ClaimedTask) => Promise<TaskResult>

export const paymentTasks = (options: TaskOptions): readonly TaskHandler[] => {
  const { service, providers, now, pageReady } = options

  const tell = async (task: ClaimedTask, command: PaymentCommand): Promise<void> => {
    const outcome = await service.handle({ id: task.key, command, origin: { actor: 'system', cause: `task:${task.id}` } })
    // The provider says what our rules hold impossible: people must look, and the task keeps saying so.
    if (isRefusal(outcome)) throw new Error(`payment ${task.key}: ${outcome.refused}: ${outcome.detail}`)
  }

  const asking = async <Answer>(
    task: ClaimedTask,
    asked: 'capture' | 'refund' | 'void',
    ask: () => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      return await ask()
    } catch (fault) {
      if (fault instanceof Unreachable) await tell(task, { do: 'recordUnknown', asked })
      throw fault
    }
  }

  const createPage: Step = async (payment, provider, task) => {
    if (payment.url !== undefined) return 'done'
    const { order, amount, currency, method, captureAt } = payment
    const page = await provider.createPage({ payment: task.key, order, amount, currency, method, captureAt })
    if (isRefusal(page)) await tell(task, { do: 'recordFailed', reason: reasonIn(page) })
    else await tell(task, { do: 'pageReady', ...page })
    pageReady(task.key)
    return 'done'
  }

  const capture: Step = async (payment, provider, task) => {
    const open = payment.captures.find(({ id, step }) => id === task.body['capture'] && step === 'asked')
    if (open === undefined || payment.reference === undefined) return 'done'
    const { reference, currency } = payment
    const request = { reference, key: `${task.key}:${open.id}`, amount: open.amount, currency }
    const answer = await asking(task, 'capture', () => provider.capture(request))
    if (isRefusal(answer)) await tell(task, { do: 'captureFailed', capture: open.id, reason: reasonIn(answer) })
    else await tell(task, { do: 'recordCaptured', amount: answer.captured, currency, reference, capture: open.id })
    return 'done'
  }

  const refund: Step = async (payment, provider, task) => {
    const open = payment.refunds.find(({ id, step }) => id === task.body['refund'] && step === 'asked')
    if (open === undefined || payment.reference === undefined) return 'done'
    const { reference, currency } = payment
    // Our refund's id is the key, kept through every failure: a fresh one would pay twice (medusa#16681, saleor#19811).
    const request = { reference, key: `${task.key}:${open.id}`, amount: open.amount, currency }
    const answer = await asking(task, 'refund', () => provider.refund(request))
    if (isRefusal(answer)) await tell(task, { do: 'refundFailed', refund: open.id, reason: reasonIn(answer) })
    else await tell(task, { do: 'recordRefunded', refund: open.id, amount: open.amount, reference: answer.reference })
    return 'done'
  }

  const giveUp: Step = async (payment, provider, task) => {
    const { reference, voiding } = payment
    if (!voiding || reference === undefined) return 'done'
    const answer = await asking(task, 'void', () => provider.void({ reference, key: `${task.key}:void` }))
    if (isRefusal(answer)) throw new Error(`payment ${task.key}: the void was declined: ${answer.detail}`)
    await tellStatus(payment, answer, task)
    await tell(task, { do: 'recordVoided', amount: answer.voided })
    return 'done'
  }

  const reconcile: Step = async (payment, provider, task) => {
    const { reference, ended } = payment
    // `voided` is the provider's own answer. A failure may only have been told, late or wrongly, while the news that the buyer
    // paid after all was lost: what it says itself counts.
    if (reference === undefined || payment.authorized > 0 || ended === 'voided') return 'done'
    const status = await provider.status(reference)
    if (isRefusal(status)) throw new Error(`payment ${task.key}: the provider does not know ${reference}: ${status.detail}`)
    if (await tellStatus(payment, status, task)) return 'done'
    const elapsed = (milliseconds(now()) - Date.parse(String(task.body['since']))) / 1000
    if (elapsed > askedEvery.forSeconds) return 'done'
    return { again: Math.min(askedEvery.mostSeconds, Math.max(askedEvery.leastSeconds, elapsed)) }
  }

  /** @returns whether the provider said anything final. */
  const tellStatus = async (payment: Started, status: ProviderStatus, task: ClaimedTask): Promise<boolean> => {
    const { currency, authorized, captured } = status
    const { reference } = payment
    if (captured > payment.captured) await tell(task, { do: 'recordCaptured', amount: captured, currency, reference })
    if (authorized > payment.authorized) await tell(task, { do: 'recordAuthorized', amount: authorized, currency, reference })
    if (captured > 0 || authorized > 0) return true
    if (status.state === 'failed') await tell(task, { do: 'recordFailed', reason: 'the provider says that it failed' })
    if (status.state === 'cancelled') await tell(task, { do: 'recordCancelled', reason: 'the buyer gave up' })
    if (status.state === 'processing') await tell(task, { do: 'recordUnknown', asked: 'authorize' })
    if (status.state === 'voided') await tell(task, { do: 'recordCancelled', reason: 'the provider closed the page' })
    return status.state === 'failed' || status.state === 'cancelled' || status.state === 'voided'
  }

  const captureRest: Step = async (_payment, _provider, task) => {
    const command: PaymentCommand = { do: 'requestCapture', capture: 'rest' }
    const outcome = await service.handle({ id: task.key, command, origin: { actor: 'system', cause: `task:${task.id}` } })
    // Nothing left to capture is the usual case: every parcel has gone.
    if (isRefusal(outcome) && outcome.refused !== 'not_capturable') throw new Error(outcome.detail)
    return 'done'
  }

  const handler = (kind: string, step: Step): TaskHandler => ({
    kind,
    attemptsMax,
    run: oneByOne(askedAtOnceMax, async (task) => {
      const state = (await service.store.get([task.key])).get(task.key)?.state
      if (state === undefined || state.status === 'unstarted') throw new Error(`there is no payment ${task.key}`)
      const provider = providers.get(state.provider)
      if (provider === undefined) throw new Error(`there is no payment provider ${state.provider}`)
      return step(state, provider, task)
    }),
  })

  return [
    handler(taskKinds.createPage, createPage),
    handler(taskKinds.capture, capture),
    handler(taskKinds.refund, refund),
    handler(taskKinds.void, giveUp),
    handler(taskKinds.reconcile, reconcile),
    handler(taskKinds.captureRest, captureRest),
  ]
}

const reasonIn = ({ detail }: Refusal): string => detail
