/** The memory form of the payment repository, for tests and for the simulation. */
import type { Stored } from '../kernel/decider.ts'
import type { Instant } from '../kernel/ids.ts'
import { demand, MemoryTable, undoable } from '../platform/store/memory.ts'
import type { MemoryWrite, Work } from '../platform/store/work.ts'
import { MemoryStreams } from '../platform/streams/store.ts'
import type { LoggedMovement } from './contract.ts'
import type { MoneyDifference } from './money-log.ts'
import { type Payment, refunded } from './payment-state.ts'
import { type PaymentRepository, paymentTable, type WebhookId, webhookName } from './store.ts'

export class MemoryPayments extends MemoryStreams<Payment> implements PaymentRepository {
  readonly moneyLog: LoggedMovement[] = []
  readonly #inbox = new MemoryTable<string, Instant>()
  readonly #logged = new MemoryTable<string, LoggedMovement>()
  constructor() {
    super(paymentTable)
  }

  /** Batches run one at a time here. */
  holdStarts(): Promise<void> {
    return Promise.resolve()
  }

  async lockOfOrders(work: Work, orders: readonly string[]): Promise<Map<string, Stored<Payment>>> {
    return this.lock(work, await this.idsBy(work, 'order_id', orders))
  }

  log(movements: readonly LoggedMovement[]): MemoryWrite {
    return {
      apply: () => {
        for (const movement of movements) {
          demand('kind', ['authorize', 'capture', 'void', 'refund'].includes(movement.kind))
          demand('amount', movement.amount > 0)
          this.#logged.insert(nameOf(movement), movement)
          this.moneyLog.push(movement)
          undoable(() => void this.moneyLog.pop())
        }
      },
    }
  }

  seen(_work: Work, webhooks: readonly WebhookId[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(webhooks.map(webhookName).filter((name) => this.#inbox.has(name))))
  }

  remember(webhooks: readonly WebhookId[], at: Instant): MemoryWrite {
    return {
      apply: () => {
        for (const name of webhooks.map(webhookName)) this.#inbox.insert(name, at)
      },
    }
  }

  movements(orders: readonly string[]): Promise<readonly LoggedMovement[]> {
    return Promise.resolve(this.moneyLog.filter(({ order }) => orders.includes(order)))
  }

  differences(): Promise<readonly MoneyDifference[]> {
    const differences: MoneyDifference[] = []
    const logged = (payment: string, kind: LoggedMovement['kind']): number =>
      this.moneyLog.reduce((sum, row) => (row.payment === payment && row.kind === kind ? sum + row.amount : sum), 0)
    for (const [payment, { state }] of this.rows) {
      if (state.status === 'unstarted') continue
      const stated = { authorize: state.authorized, capture: state.captured, void: state.voided, refund: refunded(state) }
      for (const kind of ['authorize', 'capture', 'refund', 'void'] as const) {
        if (logged(payment, kind) === stated[kind]) continue
        const what = `${kind} ${state.currency}`
        differences.push({ payment, order: state.order, what, logged: logged(payment, kind), stated: stated[kind] })
      }
    }
    return Promise.resolve(differences)
  }
}

const nameOf = ({ payment, kind, reference }: LoggedMovement): string => `${payment} ${kind} ${reference}`
