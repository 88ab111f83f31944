/** Where no mail server is configured: mails are kept as they would have been sent, and read under `/v1/notifications/outbox`. */
import type { Instant } from '../../kernel/ids.ts'
import { leastIdAt } from '../../platform/ids.ts'
import { type Database, sql } from '../../platform/postgres/database.ts'
import { gathered } from '../../platform/store/gather.ts'
import type { ColumnType, Work } from '../../platform/store/work.ts'
import type { MailPort } from './ports.ts'

type Mail = Parameters<MailPort['send']>[0]

const add = {
  name: 'notifications.outbox',
  sql: `insert into notifications.outbox (id, person, recipient, subject, text, html)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) on conflict (id) do nothing`,
  types: ['uuid', 'uuid', 'text', 'text', 'text', 'text'] satisfies ColumnType[],
}

/** Mails and texts are kept to be looked at. Their ids rise with time. */
const sweepSql = (table: 'outbox' | 'sms') => ({
  name: `notifications_sweep_${table}`,
  text: `delete from notifications.${table} where id = any(array(
    select id from notifications.${table} where id < $1::uuid order by id limit $2 for update skip locked)) returning 1`,
})
export const sweepOutbox = async (work: Work, before: Instant, rowsMax: number): Promise<number> => {
  const id = leastIdAt(before)
  const mails = await sql(work).query(sweepSql('outbox'), [id, rowsMax])
  const texts = await sql(work).query(sweepSql('sms'), [id, rowsMax - mails.length])
  return mails.length + texts.length
}

export const outboxMail = (database: Database): MailPort => {
  const keep = gathered('outbox', async (mails: readonly Mail[]) => {
    const columns = [
      mails.map(({ id }) => id),
      mails.map(({ person }) => person),
      mails.map(({ to }) => (to.name === undefined ? to.address : `${to.name} <${to.address}>`)),
      mails.map(({ subject }) => subject),
      mails.map(({ text }) => text),
      mails.map(({ html }) => html),
    ]
    await database.save([{ ...add, columns }])
    return mails.map(() => undefined)
  })
  return { send: (mail) => keep(mail), close: async () => undefined }
}
