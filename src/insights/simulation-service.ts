/** Simulations as jobs: asked for over HTTP, worked by one process at a time, in a thread beside whatever else is done here. */
import { randomUUID } from 'node:crypto'
import { refuse, type Refusal } from '../kernel/decider.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import { nowMs } from '../kernel/timers.ts'
import type { Logger } from '../platform/log.ts'
import { newId } from '../platform/ids.ts'
import { Pace } from '../platform/pace.ts'
import { type KeyClaim, keyName, type Records } from '../platform/records/records.ts'
import { type Batches, rerunAborted } from '../platform/store/work.ts'
import { type CommonReason, keyReused } from '../platform/streams/service.ts'
import type { Network } from '../sourcing/contract.ts'
import type { SimulationAnswer, SimulationAsked } from './simulation-job.ts'
import { changeNetwork } from './simulation-network.ts'
import type { NetworkSeen, ReadOnlyShop } from './simulation-question.ts'
import { NotSimulated, runSimulation } from './simulation-run-service.ts'
import type { ClaimedJob, SimulationStore } from './simulation-store.ts'
import { type DecidingThread, decideInThread } from './simulation-thread-service.ts'

/** Minutes each: who waits behind ten has forgotten the question. */
export const waitingMax = 10
/** A result is some ten kilobytes, and answers a question about a past that does not change: it can be asked again. */
export const keptMax = 100
/** Another process goes on this long after the one that worked on it died. */
const leaseSeconds = 30
/** Progress is written this often, and a cancel in another process noticed. */
const heartbeatMs = 2_000
/** A process that waits for work looks this often; in its own process a new one is heard of at once. */
const pollMs = 5_000
/** What ended a process twice ends the next one as well. */
const attemptsMax = 3

export type SimulationOptions = Readonly<{
  store: SimulationStore
  batches: Batches
  records: Records
  shop: ReadOnlyShop
  /** The shop's as it is now. */
  network: () => Promise<NetworkSeen>
  faultsOf: (network: Network) => readonly FieldProblem[]
  zone: string
  /** How many callers wait for an answer that is computed here: simulations make room for them. */
  backlog: () => number
  log: Logger
}>
export type SimulationReason = 'simulations_full' | CommonReason
export type Asked = Readonly<{ id: string; replayed: boolean }>

/** It was cancelled, or another process has it: nothing more of it is to be done here. */
class TakenAway extends Error {}

export class Simulations {
  readonly #options: SimulationOptions
  readonly #holder = randomUUID()
  #stopped = false
  #current: Readonly<{ id: string; stop: () => void }> | undefined
  #running: Promise<void> | undefined
  #wakeUp: (() => void) | undefined
  #awake = false

  constructor(options: SimulationOptions) {
    this.#options = options
  }

  async ask(question: SimulationAsked, askedBy: string, key: KeyClaim): Promise<Asked | Refusal<SimulationReason>> {
    const { batches, records, store } = this.#options
    const asked = await rerunAborted(() =>
      batches.batch(async (work) => {
        const known = (await records.claimed(work, [key])).get(keyName(key))
        if (known !== undefined) return known.hash === key.hash ? { id: known.object, replayed: true } : keyReused()
        const id = newId(work.now)
        if (!(await store.add(work, { id, question, askedBy }, { waitingMax, keptMax })))
          return refuse('simulations_full', `${waitingMax} simulations wait already: cancel one, or ask again when one has ended`)
        work.add(records.claim([{ ...key, object: id }]))
        return { id, replayed: false }
      }),
    )
    this.#wake()
    return asked
  }

  /** @returns whether it was still to be done. */
  async cancel(id: string): Promise<boolean> {
    const cancelled = await this.#options.store.cancel(id)
    if (cancelled && this.#current?.id === id) this.#current.stop()
    return cancelled
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#current?.stop()
    this.#wake()
    await this.#running
  }

  #wake(): void {
    this.#awake = true
    this.#wakeUp?.()
  }

  async #run(): Promise<void> {
    const { store, log } = this.#options
    while (!this.#stopped) {
      this.#awake = false
      try {
        const job = await store.claim(this.#holder, leaseSeconds)
        if (job === undefined) await this.#sleep()
        else await this.#work(job)
      } catch (fault) {
        // The database is away: the lease runs out, and it is begun again.
        log.warn({ fault }, 'simulations pause')
        await this.#sleep()
      }
    }
  }

  async #sleep(): Promise<void> {
    if (this.#awake || this.#stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs)
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  async #work({ id, attempt, question }: ClaimedJob): Promise<void> {
    const { store, log } = this.#options
    if (attempt > attemptsMax) {
      const error = `it was begun ${attemptsMax} times, and each time the process that worked on it ended: ask for fewer orders`
      await store.end(id, this.#holder, { error })
      return
    }
    try {
      const result = await this.#simulate(id, question)
      await store.end(id, this.#holder, { result })
    } catch (fault) {
      if (this.#stopped) return await store.release(id, this.#holder)
      if (fault instanceof TakenAway) return
      if (!(fault instanceof NotSimulated)) log.warn({ fault, simulation: id }, 'a simulation failed')
      await store.end(id, this.#holder, { error: fault instanceof Error ? fault.message : String(fault) })
    }
  }

  async #simulate(id: string, question: SimulationAsked): Promise<SimulationAnswer> {
    const { store, shop, zone, backlog, log } = this.#options
    const network = await this.#networkOf(question)
    let thread: DecidingThread | undefined
    let progress: Readonly<{ done: number; total: number }> | undefined
    let isTaken = false
    const stop = (): void => {
      isTaken = true
      void thread?.stop()
    }
    this.#current = { id, stop }
    const heartbeat = setInterval(() => {
      store.report(id, this.#holder, progress, leaseSeconds).then(
        (isOurs) => isOurs || stop(),
        (fault: unknown) => log.warn({ fault }, 'the progress of a simulation is said later'),
      )
    }, heartbeatMs)
    // Whatever this thread does, the other is at work.
    const pace = new Pace({ backlog, busy: () => 1 })
    let decidedMs = 0
    try {
      return await shop((reader) =>
        runSimulation(reader, question, {
          network,
          zone,
          begin: (asked) => {
            thread = decideInThread(asked)
            const { decide, report } = thread
            return {
              decide: async (orders) => {
                const began = nowMs()
                try {
                  return await decide(orders)
                } finally {
                  decidedMs = nowMs() - began
                }
              },
              report,
            }
          },
          onPage: async (now) => {
            progress = now
            if (isTaken) throw new TakenAway()
            await pace.makeRoom(decidedMs, () => isTaken)
          },
        }),
      )
    } catch (fault) {
      throw isTaken && !this.#stopped ? new TakenAway() : fault
    } finally {
      clearInterval(heartbeat)
      this.#current = undefined
      await thread?.stop()
    }
  }

  async #networkOf({ network: change }: SimulationAsked): Promise<NetworkSeen> {
    const { network, faultsOf } = this.#options
    const now = await network()
    if (change === undefined) return now
    const changed = changeNetwork(now.network, change, faultsOf)
    if ('network' in changed) return { network: changed.network, words: `${now.words}, changed` }
    // It was possible when it was asked for; the shop's own network has changed since.
    throw new NotSimulated(changed.errors.map(({ pointer, detail }) => `${pointer}: ${detail ?? ''}`).join('; '))
  }
}
