/**
 * A provider of texts that sends none: it keeps a book of its own, and reports later what became of each, as real ones do.
 * The last digits of a number say how it behaves: `000` does not exist, `001` is accepted and never delivered, `002` is
 * busy the first time; every other one is delivered.
 */
import { newId } from '../../platform/ids.ts'
import type { Database } from '../../platform/postgres/database.ts'
import type { Records } from '../../platform/records/records.ts'
import type { TaskHandler } from '../../platform/tasks/worker.ts'
import { type SmsPort, type SmsReport, Undeliverable } from './ports.ts'

const reportKind = 'notification.sms_report'

export type SimulatedSms = Readonly<{ port: SmsPort; tasks: readonly TaskHandler[] }>

export const simulatedSms = (
  database: Database,
  records: Records,
  reported: (report: SmsReport) => Promise<void>,
): SimulatedSms => {
  /** @returns the status before, undefined where the provider hears of it for the first time. */
  const enter = async (id: string, person: string, to: string, text: string): Promise<string | undefined> => {
    const first = to.endsWith('002') ? 'busy' : 'queued'
    const [row] = await database.read<{ before: string | null }>(
      `with known as (select status from notifications.sms where id = $1),
        entered as (
          insert into notifications.sms (id, person, recipient, text, status) values ($1, $2, $3, $4, $5)
          on conflict (id) do update set status = 'queued' where sms.status in ('busy', 'undelivered'))
       select (select status from known) as before`,
      [id, person, to, text, first],
      'sms_enter',
    )
    return row?.before ?? undefined
  }

  const send: SmsPort['send'] = async ({ id, person, to, text }) => {
    if (to.endsWith('000')) throw new Undeliverable('the number does not exist')
    const before = await enter(id, person, to, text)
    if (before === undefined && to.endsWith('002')) throw new Error('the provider is busy')
    if (before === 'queued' || before === 'delivered') return
    await database.batch(async (work) => {
      work.add(records.schedule([{ id: newId(work.now), kind: reportKind, key: id, dueAt: work.now, body: { sms: id } }]))
    })
  }

  const report: TaskHandler['run'] = async ({ body }) => {
    const [row] = await database.read<{ id: string; status: SmsReport['status'] }>(
      `update notifications.sms set status = case when recipient like '%001' then 'undelivered' else 'delivered' end where id = $1 returning id, status`,
      [body['sms']],
      'sms_report',
    )
    if (row !== undefined) await reported(row)
    return 'done'
  }
  return { port: { send }, tasks: [{ kind: reportKind, run: report }] }
}
