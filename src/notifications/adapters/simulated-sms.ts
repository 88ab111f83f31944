/**
 * A provider of texts that sends none: it keeps a book of its own, and reports later what became of each, as real ones do.
 * The last digits of a number say how it behaves: `000` does not exist, `001` is accepted and never delivered, `002` is
 * busy the first time; every other one is delivered.
 */
import { newId } from '../../platform/ids.ts'
import type { Records } from '../../platform/records/records.ts'
import { gathered } from '../../platform/store/gather.ts'
import { type Batches, Fault } from '../../platform/store/work.ts'
import { bundled } from '../../platform/tasks/bundle.ts'
import type { TaskHandler } from '../../platform/tasks/handler.ts'
import { type Sms, type SmsPort, type SmsReport, Undeliverable } from './ports.ts'
import type { SmsBook, SmsEntry, SmsStatus } from './simulated-sms-store.ts'

const reportKind = 'notification.sms_report'
const endings = { unknown: '000', undelivered: '001', busy: '002' } as const

export type SimulatedSms = Readonly<{ port: SmsPort; tasks: readonly TaskHandler[] }>
export type SimulatedSmsOptions = Readonly<{
  batches: Batches
  records: Records
  book: SmsBook
  reported: (reports: readonly SmsReport[]) => Promise<void>
}>

export const simulatedSms = ({ batches, records, book, reported }: SimulatedSmsOptions): SimulatedSms => {
  const takeAll = async (texts: readonly Sms[]): Promise<readonly (undefined | Fault)[]> => {
    const known = texts.filter(({ to }) => !to.endsWith(endings.unknown))
    // An id that is asked for twice at once is entered once.
    const entries = [...new Map(known.map((sms) => [sms.id, { sms, first: isBusy(sms) ? 'busy' : 'queued' } as const])).values()]
    const before = entries.length === 0 ? new Map<string, SmsStatus>() : await book.enter(entries)
    // Asked again for what it has: its report is on its way, or was given.
    const taken = entries.filter(({ sms: { id }, first }) => {
      const status = before.get(id)
      return status === undefined ? first === 'queued' : status !== 'queued' && status !== 'delivered'
    })
    if (taken.length > 0) {
      await batches.batch((work) => {
        const task = ({ sms: { id } }: SmsEntry) => ({
          id: newId(work.now),
          kind: reportKind,
          key: id,
          dueAt: work.now,
          body: { sms: id },
        })
        work.add(records.schedule(bundled(taken.map(task), work.now)))
        return Promise.resolve()
      })
    }
    return texts.map((sms) => {
      if (sms.to.endsWith(endings.unknown)) return new Fault(new Undeliverable('the number does not exist'))
      return isBusy(sms) && !before.has(sms.id) ? new Fault(new Error('the provider is busy')) : undefined
    })
  }
  const take = gathered('simulated texts', takeAll)
  const send: SmsPort['send'] = async (sms) => {
    const fault = await take(sms)
    if (fault !== undefined) throw fault.cause
  }

  const report: TaskHandler['run'] = async (tasks) => {
    await reported(await book.settle([...new Set(tasks.map(({ body }) => body['sms']))], endings.undelivered))
    return tasks.map(() => 'done')
  }
  return { port: { send }, tasks: [{ kind: reportKind, run: report }] }
}

const isBusy = ({ to }: Sms): boolean => to.endsWith(endings.busy)
