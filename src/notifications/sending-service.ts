/** Sends what the reaction wrote down, outside any transaction, and says what came of it: `SENT`, or `FAILED` with the reason. */
import { refuse, type Refusal } from '../kernel/decider.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { KeyClaim, Records } from '../platform/records/records.ts'
import { rerunAborted, type Work } from '../platform/store/work.ts'
import { type CommonReason, keyReused } from '../platform/streams/service.ts'
import type { ClaimedTask, TaskHandler, TaskResult } from '../platform/tasks/worker.ts'
import type { ParcelQueries } from '../shipping/contract.ts'
import { type MailPort, type SmsPort, Undeliverable } from './adapters/ports.ts'
import { composeMessage } from './message.ts'
import { recipientOf } from './recipient.ts'
import { sendKind, sendTask } from './send-task.ts'
import type { NotificationOfOrder, NotificationStore } from './store.ts'
import { withoutPersonalData } from './text.ts'
import type { Shop } from './wording.ts'

/** With the worker's doubling waits about half an hour; a mail server that refuses new senders at first wants some minutes. */
const attemptsMax = 12

export type RetryReason = 'notification_not_found' | 'notification_not_failed'
export type Retried = Readonly<{ id: string; replayed: boolean }>

export type SendingOptions = Readonly<{
  database: Database
  records: Records
  store: NotificationStore
  mail: MailPort
  sms: SmsPort
  shop: Shop
  /** For the carrier's own page of a parcel. */
  parcels?: ParcelQueries | undefined
  /** The page on which a customer follows an order. */
  orderUrl?: ((order: OrderId) => string) | undefined
  /** Called after a commit that left a task. */
  committed: () => void
}>

export class Sending {
  readonly #options: SendingOptions
  constructor(options: SendingOptions) {
    this.#options = options
  }

  get task(): TaskHandler {
    return { kind: sendKind, run: (task) => this.#run(task), attemptsMax }
  }

  /** The same task twice finds the message sent; a provider asked twice for it knows it by the notification's id. */
  async #run({ body, attempt }: ClaimedTask): Promise<TaskResult> {
    const { store } = this.#options
    const id = String(body['notification'])
    const row = await store.begin(id)
    if (row === undefined) return 'done'
    const fault = await this.#send(row).then(() => undefined, faultOf)
    if (fault !== undefined) {
      const reason = withoutPersonalData(fault.message)
      const over = fault instanceof Undeliverable || attempt >= attemptsMax
      await store.finish(id, over ? 'FAILED' : 'PENDING', reason)
      if (over) return 'done'
      // Thrown for the worker's backoff; without its cause, whose text may name the recipient.
      throw new Error(`${row.channel}: ${reason}`)
    }
    await store.finish(id, 'SENT', null)
    return 'done'
  }

  async #send(row: NotificationOfOrder): Promise<void> {
    const { records, mail, sms, shop, orderUrl } = this.#options
    const person = (await records.people([row.person])).get(row.person)
    if (person === undefined) throw new Undeliverable('the recipient was erased')
    const recipient = recipientOf(person)
    const trackingUrl = await this.#trackingUrl(row)
    const facts = { ...row, shop, trackingUrl, orderUrl: orderUrl?.(row.order) }
    const message = composeMessage(facts, recipient)
    if (row.channel === 'email') {
      if (recipient.email === undefined) throw new Undeliverable('there is no usable mail address')
      const to = { name: recipient.name, address: recipient.email }
      await mail.send({ id: row.id, person: row.person, to, subject: message.subject, text: message.text, html: message.html })
    } else {
      if (recipient.phone === undefined) throw new Undeliverable('there is no usable phone number')
      await sms.send({ id: row.id, person: row.person, to: recipient.phone, text: message.sms })
    }
  }

  async #trackingUrl({ order, facts }: NotificationOfOrder): Promise<string | undefined> {
    const { parcels } = this.#options
    if (parcels === undefined || facts.parcel === undefined) return undefined
    const known = (await parcels.ofOrders([order])).get(order) ?? []
    return known.find(({ id }) => id === facts.parcel)?.trackingUrl
  }

  /** A failed message once more, by hand. */
  async retry(id: string, key: KeyClaim): Promise<Retried | Refusal<RetryReason | CommonReason>> {
    const retried = await rerunAborted(() => this.#options.database.batch((work) => this.#reopen(work, id, key)))
    this.#options.committed()
    return retried
  }

  async #reopen(work: Work, id: string, key: KeyClaim): Promise<Retried | Refusal<RetryReason | CommonReason>> {
    const { records, store } = this.#options
    const [known] = (await records.claimed(work, [key])).values()
    if (known !== undefined) return known.hash === key.hash ? { id: known.object, replayed: true } : keyReused()
    const row = await store.lock(work, id)
    if (row === undefined) return refuse('notification_not_found', 'no such notification')
    if (row.status !== 'FAILED')
      return refuse('notification_not_failed', row.status === 'SENT' ? 'it was sent already' : 'it is on its way already')
    work.add(store.reopen(id), records.schedule([sendTask(row, work)]), records.claim([{ ...key, object: id }]))
    return { id, replayed: false }
  }
}

const faultOf = (fault: unknown): Error => (fault instanceof Error ? fault : new Error(String(fault)))
