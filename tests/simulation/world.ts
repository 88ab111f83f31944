/** One seed's world: the database, the processes that come and go, the parties outside, and what clients were told. */
import type { OrderId } from '../../src/kernel/ids.ts'
import { useTimers } from '../../src/kernel/timers.ts'
import { seedIds } from '../../src/platform/ids.ts'
import { undoable } from '../../src/platform/store/memory.ts'
import type { Reaction } from '../../src/platform/bus/consumers.ts'
import { drawFaults, type FaultName, type Faults, noFaults } from './faults.ts'
import { MailBooks } from './mail.ts'
import { CarrierBooks, ProviderBooks } from './parties.ts'
import { Process, type Surroundings } from './process.ts'
import { Random, Trace } from './random.ts'
import { lineOf } from './ports.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { layIn } from './sourcing.ts'
import { Scheduler } from './scheduler.ts'
import { Server } from './server.ts'

/** Several, so that two compete for one batch, one task, one position. */
const processesAtOnce = 2
const restartMs = { least: 100, most: 2_500 } as const
const networkMs = { least: 0.2, most: 5 } as const
/** A client waits this long for its answer; the impatient one does not. */
const patienceMs = { usual: 8_000, impatient: 60 } as const

/** Nobody knows whether it was done. */
export class NoAnswer extends Error {}

type Running = Rooms & Readonly<{ process: Process }>

/** What a client was told for sure. */
export type Acknowledged = Readonly<{ operation: number; order: OrderId; replayed: boolean; at: number }>

export class World implements Surroundings {
  readonly seed: number
  readonly scheduler: Scheduler
  readonly random: Random
  readonly server: Server
  readonly trace: Trace
  readonly provider: ProviderBooks
  readonly carrier: CarrierBooks
  /** In seeds whose customers are written to. */
  readonly mail: MailBooks | undefined
  readonly drawn: Faults
  readonly counts = new Map<string, number>()
  readonly acknowledged: Acknowledged[] = []
  /** What a reaction was handed in batches that were kept, by its name. */
  readonly delivered = new Map<string, number[]>()
  readonly broken: string[] = []
  isHealed = false
  readonly #processes: Running[] = []
  #born = 0

  constructor(seed: number, keepTrace: boolean, faults?: Faults, whole = false) {
    this.seed = seed
    this.scheduler = new Scheduler(new Random(seed, 'order'))
    this.random = new Random(seed, 'chance')
    this.trace = new Trace(keepTrace, () => this.scheduler.now)
    this.server = new Server(this.scheduler, this.trace)
    this.drawn = faults ?? drawFaults(new Random(seed, 'faults'))
    const deliver = (what: string, take: (rooms: Rooms) => Promise<boolean>): Promise<boolean> =>
      this.request(what, take).catch(() => false)
    this.provider = new ProviderBooks(this, deliver, new Random(seed, 'provider'))
    this.carrier = new CarrierBooks(this, deliver, new Random(seed, 'carrier'))
    this.mail = whole ? new MailBooks(this, new Random(seed, 'mail')) : undefined
  }

  readonly faults = (): Faults => (this.isHealed ? noFaults : this.drawn)

  readonly counted = (what: FaultName | (string & {})): void => {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** While a seed runs, all time and chance are its own. @returns what gives the machine its own back. */
  take(): () => void {
    const timers = useTimers(this.scheduler.timers)
    const chance = new Random(this.seed, 'ids')
    const ids = seedIds((bytes) => {
      for (let index = 0; index < bytes.length; index++) bytes[index] = chance.int(0, 255)
    })
    const machine = withoutMachine()
    return () => {
      machine()
      ids()
      timers()
    }
  }

  async start(): Promise<void> {
    if (this.mail !== undefined) layIn(this.server.stores.warehouses)
    for (let count = 0; count < processesAtOnce; count++) await this.#bear()
    if (!this.random.happens(this.drawn.failOver)) return
    const from = this.random.between(1_000, 14_000)
    this.scheduler.after(from, () => {
      if (this.isHealed) return
      this.trace.add('server', 'loses its standby')
      this.server.loseStandby()
      this.scheduler.after(this.random.between(50, 1_500), () => this.#failOver())
    })
  }

  heal(): void {
    this.#failOver()
    this.isHealed = true
    this.trace.add('world', 'heals')
  }

  get rooms(): readonly Running[] {
    return this.#processes
  }

  /** Asks a process that is up, over a network. @throws NoAnswer where its answer does not come in time */
  request<Result>(what: string, ask: (rooms: Rooms) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const up = this.#processes.filter(({ process }) => process.alive)
      if (up.length === 0) return void this.scheduler.after(networkMs.most, () => reject(new NoAnswer(`${what}: nobody is there`)))
      const rooms = this.random.pick(up)
      const impatient = this.random.happens(this.faults().impatient)
      if (impatient) this.counted('impatient')
      let isOver = false
      const end = (run: () => void): void => {
        if (isOver) return
        isOver = true
        cancel()
        run()
      }
      const cancel = this.scheduler.after(impatient ? patienceMs.impatient : patienceMs.usual, () =>
        end(() => reject(new NoAnswer(`${what}: it takes too long`))),
      )
      rooms.process.whenDead(() => end(() => reject(new NoAnswer(`${what}: the process died`))))
      const wait = (): number => this.random.between(networkMs.least, networkMs.most)
      this.scheduler.after(wait(), () => {
        if (!rooms.process.alive) return
        ask(rooms).then(
          (result) => this.scheduler.after(wait(), () => end(() => resolve(result))),
          (fault: unknown) =>
            this.scheduler.after(wait(), () => end(() => reject(fault instanceof Error ? fault : new Error(String(fault))))),
        )
      })
    })
  }

  async #bear(): Promise<void> {
    this.#born += 1
    const skew = this.random.happens(0.5) ? this.faults().skewHours : 0
    if (skew !== 0) this.counted('skewHours')
    const process = new Process(`process-${this.#born}`, this, skew)
    const outside = {
      provider: this.provider.for(process),
      carrier: this.carrier.for(process),
      mail: this.mail?.for(process),
      watched: (reaction: Reaction) => this.#watched(reaction),
    }
    const rooms = { process, ...(await openRooms(lineOf(process, outside))) }
    process.whenDead(() => {
      const at = this.#processes.indexOf(rooms)
      if (at >= 0) this.#processes.splice(at, 1)
      this.scheduler.after(this.random.between(restartMs.least, restartMs.most), () => void this.#bear())
    })
    const open = async (): Promise<void> => {
      await process.learnTime()
      this.trace.add(process.name, 'opens')
      this.#processes.push(rooms)
      await rooms.start()
    }
    // Who cannot start ends, and is started again.
    open().catch(() => process.crash())
  }

  #failOver(): void {
    if (this.server.hasStandby) return
    const lost = this.server.failOver()
    this.counted('failOver')
    this.trace.add('server', `the standby takes over without ${lost} commits`)
  }

  /** The same reaction; each event that it was done with in a batch that was kept is noted with that batch. */
  #watched(reaction: Reaction): Reaction {
    const seen = this.delivered.get(reaction.name) ?? []
    this.delivered.set(reaction.name, seen)
    return {
      ...reaction,
      react: async (work, envelopes) => {
        const handled = await reaction.react(work, envelopes)
        const done = envelopes.flatMap(({ position }, index) => (handled[index] === 'done' ? [position] : []))
        work.add({ apply: () => noted(seen, done) })
        return handled
      },
    }
  }
}

const noted = (seen: number[], positions: readonly number[]): void => {
  seen.push(...positions)
  undoable(() => void seen.splice(seen.length - positions.length))
}

/** Whoever asks the machine itself for time or chance would make a seed run another way each time: it fails instead. */
const withoutMachine = (): (() => void) => {
  const forbidden = (name: string) => (): never => {
    throw new Error(`${name} was called in the simulation: time and chance come from kernel/timers.ts`)
  }
  const { setTimeout, setInterval, setImmediate } = globalThis
  const [dateNow, random] = [Date.now, Math.random]
  Object.assign(
    globalThis,
    Object.fromEntries(['setTimeout', 'setInterval', 'setImmediate'].map((name) => [name, forbidden(name)])),
  )
  Date.now = forbidden('Date.now')
  Math.random = forbidden('Math.random')
  performance.now = forbidden('performance.now')
  return () => {
    Object.assign(globalThis, { setTimeout, setInterval, setImmediate })
    Date.now = dateNow
    Math.random = random
    // Its own is its prototype's.
    Reflect.deleteProperty(performance, 'now')
  }
}
