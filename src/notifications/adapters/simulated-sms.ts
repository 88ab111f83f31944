/**
 * A provider of texts that sends none: it keeps a book of its own, and reports later what became of each, as real ones do.
 * The last digits of a number say how it behaves: `000` does not exist, `001` is accepted and never delivered, `002` is
 * busy the first time; every other one is delivered.
 */
import { newId } from '../../platform/ids.ts'
import type { Records } from '../../platform/records/records.ts'
import type { Batches } from '../../platform/store/work.ts'
import type { TaskHandler } from '../../platform/tasks/worker.ts'
import { type SmsPort, type SmsReport, Undeliverable } from './ports.ts'
import type { SimulatedSmsBook } from './simulated-sms-store.ts'

const reportKind = 'notification.sms_report'
const endings = { unknown: '000', undelivered: '001', busy: '002' } as const

export type SimulatedSms = Readonly<{ port: SmsPort; tasks: readonly TaskHandler[] }>
export type SimulatedSmsOptions = Readonly<{
  batches: Batches
  records: Records
  book: SimulatedSmsBook
  reported: (report: SmsReport) => Promise<void>
}>

export const simulatedSms = ({ batches, records, book, reported }: SimulatedSmsOptions): SimulatedSms => {
  const send: SmsPort['send'] = async (sms) => {
    if (sms.to.endsWith(endings.unknown)) throw new Undeliverable('the number does not exist')
    const busy = sms.to.endsWith(endings.busy)
    const before = await book.enter(sms, busy ? 'busy' : 'queued')
    if (busy && before === undefined) throw new Error('the provider is busy')
    // Asked again for what it has: its report is on its way, or was given.
    if (before === 'queued' || before === 'delivered') return
    await batches.batch((work) => {
      work.add(records.schedule([{ id: newId(work.now), kind: reportKind, key: sms.id, dueAt: work.now, body: { sms: sms.id } }]))
      return Promise.resolve()
    })
  }

  const report: TaskHandler['run'] = async ({ body }) => {
    const settled = await book.settle(body['sms'], endings.undelivered)
    if (settled !== undefined) await reported(settled)
    return 'done'
  }
  return { port: { send }, tasks: [{ kind: reportKind, run: report }] }
}
