/** Small pieces between rooms, that belong to none of them. */
import type { Carts } from './carts/service.ts'
import type { Fulfilment } from './fulfilment/room.ts'
import type { Warehouses } from './inventory/warehouses-service.ts'
import type { Instant } from './kernel/ids.ts'
import { every, later } from './kernel/timers.ts'
import type { Notifications } from './notifications/notifications.ts'
import type { CancelPart } from './orders/service.ts'
import { Consumers, type Reaction } from './platform/bus/consumers.ts'
import type { JournalReader } from './platform/bus/journal.ts'
import { PostgresPositions } from './platform/bus/positions.ts'
import type { WakeUps } from './platform/bus/wake.ts'
import type { Logger } from './platform/log.ts'
import { loopBusy } from './platform/loop.ts'
import type { Database } from './platform/postgres/database.ts'
import type { PostgresRecords } from './platform/records/postgres.ts'
import type { Person } from './platform/records/records.ts'
import { swept } from './platform/store/sweeping.ts'
import type { Batches } from './platform/store/work.ts'
import type { TaskHandler } from './platform/tasks/handler.ts'
import { PostgresTaskRows } from './platform/tasks/rows.ts'
import { TaskWorker } from './platform/tasks/worker.ts'

/** A name and an address as a label prints them. */
export const addressLines = (person: Person | undefined): readonly string[] => {
  const address = person?.['shippingAddress']
  if (typeof address !== 'object' || address === null) return []
  return Object.entries({ name: person?.['name'], ...address }).flatMap(([name, value]) =>
    name === 'phone' ? [] : Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [],
  )
}

/** Where an order without an address is sourced to: the first warehouse's own postcode. */
export const homeOf = (warehouses: Warehouses) => {
  const [first] = warehouses.all
  return {
    country: first?.country ?? 'GB',
    postalCode: first?.postalCode ?? '',
    latitude: first?.latitude ?? 51.5,
    longitude: first?.longitude ?? -0.12,
  }
}

export const simulatedCarrierIn = (environment: Readonly<Record<string, string | undefined>>) => ({
  mode: environment['WAYBILL_SIMULATED_CARRIER'] === 'auto' ? ('auto' as const) : ('manual' as const),
  secret: environment['WAYBILL_CARRIER_WEBHOOK_SECRET'],
})

/** Fulfilment's veto in the shape in which orders asks for it. */
export const cancelling = (fulfilment: Fulfilment): CancelPart => ({
  prepare: async (work, orders) => {
    const session = await fulfilment.service.cancelWithin(
      work,
      orders.map((order) => ({ order, lines: 'all' as const })),
    )
    return {
      check: (order, lines) => session.check({ order, lines }).blocked,
      apply: (order, lines) => session.apply({ order, lines }, 'cancelled'),
      untouched: (order, units) => session.untouched(order, units),
      withdraw: (order) => session.withdraw(order),
      awaited: (order) => session.awaited(order),
      sent: (order) => session.sent(order),
      unplanned: (order, units) => session.unplanned(order, units),
      finish: () => session.finish(),
    }
  },
})

/** Something that may as well be done a little later: a failure is said and the next time tried again. */
export const repeating = (everyMs: number, late: string, run: () => Promise<unknown>, log: Logger) => {
  let end: (() => void) | undefined
  let round: Promise<unknown> = Promise.resolve()
  return {
    start: (): void => {
      end = every(everyMs, () => {
        round = round.then(run).catch((fault: unknown) => log.warn({ fault }, late))
      })
    },
    stop: async (): Promise<void> => {
      end?.()
      await round
    },
  }
}

/** Often enough that a process which never runs for hours sweeps too; where nothing is past its end it costs an index's first page. */
const sweepEveryMs = 600_000
/** Deletes what is past its end, by what it is. One that fails keeps the others from nothing. */
export const housekeeping = (sweeps: Readonly<Record<string, () => Promise<number>>>, log: Logger) =>
  repeating(
    sweepEveryMs,
    'what is past its end is deleted later',
    async () => {
      for (const [what, sweep] of Object.entries(sweeps))
        await sweep().catch((fault: unknown) => log.warn({ fault, what }, 'what is past its end is deleted later'))
    },
    log,
  )

type Kept = Readonly<{
  batches: Batches
  carts: Pick<Carts, 'sweep'>
  records: Pick<PostgresRecords, 'forgetKeys'>
  notifications: Pick<Notifications, 'sweep'>
  now: () => Instant
}>
/** What the shop keeps for a time only. */
export const pastTheirEnd = ({ batches, carts, records, notifications, now }: Kept) => ({
  carts: () => carts.sweep(now()),
  'idempotency keys': () => swept(batches, (work, rowsMax) => records.forgetKeys(work, rowsMax)),
  'mails and texts that were kept': () => notifications.sweep(now()),
})

/** Something that is done once, beside everything else: a failure is said, and what it was for goes on without it. */
export const inBackground = (without: string, run: (isStopped: () => boolean) => Promise<void>, log: Logger) => {
  let stopped = false
  let running = Promise.resolve()
  return {
    start: (): void => {
      running = run(() => stopped).catch((fault: unknown) => log.warn({ fault }, without))
    },
    stop: async (): Promise<void> => {
      stopped = true
      await running
    },
  }
}

type Following = Readonly<{
  database: Database
  journal: JournalReader
  reactions: readonly Reaction[]
  handlers: readonly TaskHandler[]
  log: Logger
  backlog: () => number
}>
/** Reactions and tasks look back at the last fifth of a second or more. */
const busyMs = 200
/** What reacts to events, and what does tasks. */
export const following = ({ database, journal, reactions, handlers, log, backlog }: Following) => ({
  consumers: new Consumers(new PostgresPositions(database), journal, reactions, log, { backlog, busy: loopBusy(busyMs) }),
  tasks: new TaskWorker(new PostgresTaskRows(database), handlers, log, { backlog, busy: loopBusy(busyMs) }),
})

/** Waits until reactions and tasks, in whichever process, have nothing left to do now. */
export const settling = (consumers: Consumers, tasks: TaskWorker, wakeUps: WakeUps) => async (): Promise<void> => {
  const isQuiet = async (): Promise<boolean> => (await consumers.caughtUp()) && (await tasks.quiet())
  // Twice: what a task did after the reactions were looked at is seen by the second look.
  while (!(await isQuiet()) || !(await isQuiet())) {
    await new Promise<void>((resolve) => {
      const callOff = later(20, resolve)
      wakeUps.once(() => {
        callOff()
        resolve()
      })
    })
  }
}
