/** Lets a request wait for the task that makes its payment's page, without asking the database again and again. */
export class PageWaiters {
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #isReady: (payment: string) => Promise<boolean>
  constructor(isReady: (payment: string) => Promise<boolean>) {
    this.#isReady = isReady
  }

  ready(payment: string): void {
    const waiters = this.#waiting.get(payment) ?? []
    this.#waiting.delete(payment)
    for (const wake of waiters) wake()
  }

  /** Resolves when the page is ready, and after `ms` at the latest: another process may have made it unheard. */
  async within(payment: string, ms: number): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.ready(payment), ms)
      const wake = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.set(payment, [...(this.#waiting.get(payment) ?? []), wake])
    })
    // Asked after listening: a page that was ready before is not waited for.
    if (await this.#isReady(payment)) this.ready(payment)
    await heard
  }
}
