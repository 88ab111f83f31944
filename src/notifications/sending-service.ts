/** Sends what the reaction wrote down, outside any transaction, and says what came of it: `SENT`, or `FAILED` with the reason. */
import { refuse, type Refusal } from '../kernel/decider.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { KeyClaim, Person, Records } from '../platform/records/records.ts'
import { settleEach } from '../platform/store/settle.ts'
import { type Batches, Fault, rerunAborted, type Work } from '../platform/store/work.ts'
import { type CommonReason, keyReused } from '../platform/streams/service.ts'
import type { ClaimedTask, TaskHandler, TaskOutcome } from '../platform/tasks/handler.ts'
import type { ParcelQueries } from '../shipping/contract.ts'
import { type MailPort, type SmsPort, Undeliverable } from './adapters/ports.ts'
import { composeMessage } from './message.ts'
import { recipientOf } from './recipient.ts'
import { sendKind, sendTask } from './send-task.ts'
import type { DueNotification, End, NotificationRepository } from './store.ts'
import { withoutPersonalData } from './text.ts'
import type { Shop } from './wording.ts'

/** With the worker's doubling waits about half an hour; a mail server that refuses new senders at first wants some minutes. */
const attemptsMax = 12
/** Messages handed to their provider at once: those that keep a book of their own enter them together. */
const sendsAtOnceMax = 256

export type RetryReason = 'notification_not_found' | 'notification_not_failed'
export type Retried = Readonly<{ id: string; replayed: boolean }>

export type SendingOptions = Readonly<{
  batches: Batches
  records: Records
  store: NotificationRepository
  mail: MailPort
  sms: SmsPort
  /** Tasks a claim, where the mail server is slower than usual. */
  tasksMax?: number | undefined
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
    const { tasksMax } = this.#options
    return { kind: sendKind, run: (tasks) => this.#run(tasks), attemptsMax, ...(tasksMax === undefined ? {} : { tasksMax }) }
  }

  /** The same task twice finds the message sent; a provider asked twice for it knows it by the notification's id. */
  async #run(tasks: readonly ClaimedTask[]): Promise<readonly TaskOutcome[]> {
    const { store } = this.#options
    const due = await store.due(tasks.map(idOf))
    const rows = [...due.values()]
    const known = await this.#known(rows)
    const sent = await settleEach(rows, sendsAtOnceMax, (row) => this.#send(row, known))
    const attempts = new Map(tasks.map((task) => [idOf(task), task.attempt]))
    const ends = new Map(rows.map(({ id }, index) => [id, endOf(id, sent[index], attempts.get(id) ?? 1)]))
    await store.finish([...ends.values()])
    return tasks.map((task) => {
      const end = ends.get(idOf(task))
      // Failed for the worker's backoff; without its cause, whose text may name the recipient.
      return end?.status === 'PENDING' ? new Fault(new Error(`${due.get(end.id)?.channel}: ${end.error}`)) : 'done'
    })
  }

  async #known(rows: readonly DueNotification[]): Promise<Known> {
    const { records, parcels } = this.#options
    const people = await records.people([...new Set(rows.map(({ person }) => person))])
    const orders = [...new Set(rows.flatMap(({ order, facts }) => (facts.parcel === undefined ? [] : [order])))]
    const sent = parcels === undefined || orders.length === 0 ? [] : [...(await parcels.ofOrders(orders)).values()].flat()
    return { people, trackingUrls: new Map(sent.map(({ id, trackingUrl }) => [id, trackingUrl])) }
  }

  async #send(row: DueNotification, { people, trackingUrls }: Known): Promise<void> {
    const { mail, sms, shop, orderUrl } = this.#options
    const person = people.get(row.person)
    if (person === undefined) throw new Undeliverable('the recipient was erased')
    const recipient = recipientOf(person)
    const trackingUrl = row.facts.parcel === undefined ? undefined : trackingUrls.get(row.facts.parcel)
    const message = composeMessage({ ...row, shop, trackingUrl, orderUrl: orderUrl?.(row.order) }, recipient)
    if (row.channel === 'email') {
      if (recipient.email === undefined) throw new Undeliverable('there is no usable mail address')
      const to = { name: recipient.name, address: recipient.email }
      await mail.send({ id: row.id, person: row.person, to, subject: message.subject, text: message.text, html: message.html })
    } else {
      if (recipient.phone === undefined) throw new Undeliverable('there is no usable phone number')
      await sms.send({ id: row.id, person: row.person, to: recipient.phone, text: message.sms })
    }
  }

  /** A failed message once more, by hand. */
  async retry(id: string, key: KeyClaim): Promise<Retried | Refusal<RetryReason | CommonReason>> {
    const retried = await rerunAborted(() => this.#options.batches.batch((work) => this.#reopen(work, id, key)))
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

/** What the messages of a claim need beside their rows: who is written to, and the carrier's own page of each parcel. */
type Known = Readonly<{ people: ReadonlyMap<string, Person>; trackingUrls: ReadonlyMap<string, string | undefined> }>

const idOf = ({ body }: ClaimedTask): string => String(body['notification'])

const endOf = (id: string, sent: unknown, attempt: number): End => {
  if (!(sent instanceof Fault)) return { id, status: 'SENT', error: null }
  const { cause } = sent
  const error = withoutPersonalData(cause instanceof Error ? cause.message : String(cause))
  const over = cause instanceof Undeliverable || attempt >= attemptsMax
  return { id, status: over ? 'FAILED' : 'PENDING', error }
}
