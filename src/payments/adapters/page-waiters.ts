/** Lets a request wait for the task that makes its payment's page, without asking the database again and again. */
import { later } from '../../kernel/timers.ts'
import type { PaymentRepository } from '../store.ts'

export class PageWaiters {
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #store: PaymentRepository
  constructor(store: PaymentRepository) {
    this.#store = store
  }

  ready(payment: string): void {
    const waiters = this.#waiting.get(payment) ?? []
    this.#waiting.delete(payment)
    for (const wake of waiters) wake()
  }

  /** Resolves when the page is ready, and after `ms` at the latest: another process may have made it unheard. */
  async within(payment: string, ms: number): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const callOff = later(ms, () => this.ready(payment))
      const wake = (): void => {
        callOff()
        resolve()
      }
      this.#waiting.set(payment, [...(this.#waiting.get(payment) ?? []), wake])
    })
    // Asked after listening: a page that was ready before is not waited for.
    if (await this.#isReady(payment)) this.ready(payment)
    await heard
  }

  async #isReady(payment: string): Promise<boolean> {
    const state = (await this.#store.get([payment])).get(payment)?.state
    return state?.status === 'started' && (state.url !== undefined || state.ended !== undefined)
  }
}
