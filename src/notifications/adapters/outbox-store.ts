/** Where no mail server is configured: mails are kept as they would have been sent, and read under `/v1/notifications/outbox`. */
import type { Database } from '../../platform/postgres/database.ts'
import type { MailPort } from './ports.ts'

export const outboxMail = (database: Database): MailPort => ({
  send: async ({ id, person, to, subject, text, html }) => {
    await database.read(
      `insert into notifications.outbox (id, person, recipient, subject, text, html) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
      [id, person, to.name === undefined ? to.address : `${to.name} <${to.address}>`, subject, text, html],
      'outbox_add',
    )
  },
  close: async () => undefined,
})
