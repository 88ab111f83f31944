/** The reaper: ends reservations whose time is over. Several may run; an order that is paid meanwhile is left alone. */
import { every } from '../kernel/timers.ts'
import type { Logger } from '../platform/log.ts'
import type { OrderService } from './service.ts'
import type { OrderRepository } from './store.ts'

const everyMs = 1_000
/** As many as two batches of orders take. */
const atOnceMax = 256

export class Reaper {
  readonly #orders: OrderService
  readonly #repository: OrderRepository
  readonly #log: Logger
  #end: (() => void) | undefined
  #round: Promise<unknown> = Promise.resolve()

  constructor(orders: OrderService, repository: OrderRepository, log: Logger) {
    this.#orders = orders
    this.#repository = repository
    this.#log = log
  }

  start(): void {
    this.#end = every(everyMs, () => {
      this.#round = this.#round.then(() => this.round()).catch((fault: unknown) => this.#log.warn({ fault }, 'the reaper pauses'))
    })
  }

  /** @returns how many orders were due. */
  async round(): Promise<number> {
    const due = await this.#repository.toExpire(atOnceMax)
    await Promise.all(
      due.map((id) => this.#orders.handle({ id, command: { do: 'expire' }, origin: { actor: 'system', cause: 'reaper' } })),
    )
    return due.length
  }

  async stop(): Promise<void> {
    this.#end?.()
    await this.#round
  }
}
