/** The room of messages to customers: wired here, so that `main.ts` names one thing. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Instant, OrderId, PersonRef } from '../kernel/ids.ts'
import { addSeconds } from '../kernel/time.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { Database } from '../platform/postgres/database.ts'
import type { Records } from '../platform/records/records.ts'
import { swept } from '../platform/store/sweeping.ts'
import type { Batches, Work } from '../platform/store/work.ts'
import type { TaskHandler } from '../platform/tasks/handler.ts'
import type { ParcelQueries } from '../shipping/contract.ts'
import { outboxMail, sweepOutbox } from './adapters/outbox-store.ts'
import type { MailPort, SmsPort } from './adapters/ports.ts'
import { simulatedSms } from './adapters/simulated-sms.ts'
import { PostgresSmsBook, type SmsBook } from './adapters/simulated-sms-store.ts'
import { mailsAClaim, smtpMail } from './adapters/smtp.ts'
import { notificationReaction } from './reactions.ts'
import { notificationRoutes } from './routes.ts'
import { Sending } from './sending-service.ts'
import { type NotificationRepository, PostgresNotifications } from './store.ts'
import type { Shop } from './wording.ts'

/** Who tries Waybill out without a mail server looks at the last weeks; ten thousand orders a day would be 4 GB of mails a month. */
const outboxDaysKept = 30

export type NotificationStorage = Readonly<{
  store: NotificationRepository
  book: SmsBook
  /** Keeps the mails where no mail server is configured. */
  outbox: MailPort
  /** Deletes at most so many of the mails and texts that were kept before an instant. @returns how many */
  sweepOutbox: (work: Work, before: Instant, rowsMax: number) => Promise<number>
}>
export const notificationsInPostgres = (database: Database): NotificationStorage => ({
  store: new PostgresNotifications(database),
  book: new PostgresSmsBook(database),
  outbox: outboxMail(database),
  sweepOutbox,
})

export type NotificationsOptions = Readonly<{
  batches: Batches
  records: Records
  storage: NotificationStorage
  now: () => Instant
  shop: Shop
  /** Both of them, or mails go to the readable outbox. */
  smtpUrl?: string | undefined
  mailFrom?: string | undefined
  parcels?: ParcelQueries | undefined
  /** The page on which a customer follows an order. */
  orderUrl?: ((order: OrderId) => string) | undefined
  /** Wakes the task worker. */
  committed: () => void
  /** Others than the configured ones, for tests. */
  mail?: MailPort | undefined
  sms?: SmsPort | undefined
}>

export type Notifications = Readonly<{
  reactions: readonly Reaction[]
  tasks: readonly TaskHandler[]
  routes: FastifyPluginAsyncTypebox
  /** Deletes the copies of people's data that this room holds. */
  forget: (people: readonly PersonRef[]) => Promise<void>
  /** Deletes kept mails and texts that nobody looks at any more. @returns how many */
  sweep: (now: Instant) => Promise<number>
  close: () => Promise<void>
}>

export const createNotifications = (options: NotificationsOptions): Notifications => {
  const { batches, records, storage, now, shop, smtpUrl, mailFrom, parcels, orderUrl, committed } = options
  const { store, book, outbox } = storage
  const server = smtpUrl === undefined || mailFrom === undefined ? undefined : smtpMail(smtpUrl, mailFrom)
  const mail = options.mail ?? server ?? outbox
  const simulated = simulatedSms({
    batches,
    records,
    book,
    reported: (reports) => store.undelivered(reports.flatMap(({ id, status }) => (status === 'undelivered' ? [id] : []))),
  })
  const sms = options.sms ?? simulated.port
  const tasksMax = mail === server ? mailsAClaim : undefined
  const sending = new Sending({ batches, records, store, mail, sms, tasksMax, shop, parcels, orderUrl, committed })
  return {
    reactions: [notificationReaction(store, records)],
    tasks: [sending.task, ...simulated.tasks],
    routes: notificationRoutes({ store, sending, now }),
    forget: (people) => store.forget(people),
    sweep: (at) => {
      const before = addSeconds(at, -outboxDaysKept * 86_400)
      return swept(batches, (work, rowsMax) => storage.sweepOutbox(work, before, rowsMax))
    },
    close: () => mail.close(),
  }
}
