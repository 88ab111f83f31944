/** The faults, one after the other, while customers go on. Each is noted when it begins and when it is over. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Ground } from './ground.ts'
import type { History } from './history.ts'
import { Network } from './network.ts'
import type { Supervisor } from './supervisor.ts'

export const phases = ['kill', 'postgres', 'stop', 'disk', 'clock', 'network', 'embedded'] as const
export type Phase = (typeof phases)[number]
export type Faults = Readonly<Record<Phase, number>>

/** How long all is well between two faults: enough that orders are under way again, in every state. */
const calmMs = { least: 300, most: 1_200 } as const
const pauseMs = { least: 2_000, most: 4_500 } as const
const skewMs = 3 * 3_600_000
/** Long enough for several rounds of everything that looks at a clock. */
const skewedForMs = 5_000
const cutMs = 3_000
const latencyMs = 60
const fullMs = 2_500

type World = Readonly<{ ground: Ground; supervisor: Supervisor; history: History; chance: () => number }>

export class Nemesis {
  readonly counted: Record<string, number> = {}
  readonly #world: World
  readonly #turns = { kill: 0, postgres: 0, stop: 0, disk: 0, clock: 0, network: 0, embedded: 0 }

  constructor(world: World) {
    this.#world = world
  }

  /** One fault of that kind, and all is well again after it. */
  async strike(phase: Phase): Promise<void> {
    this.#turns[phase] += 1
    await this.#faults[phase]()
    await wait(this.#between(calmMs))
  }

  readonly #faults: Readonly<Record<Phase, () => Promise<void>>> = {
    kill: async () => {
      const { supervisor, chance } = this.#world
      this.#note('kill -9 of Waybill', '')
      await supervisor.end('SIGKILL')
      if (chance() < 0.1) {
        this.#note('kill -9 of Waybill while it starts', '')
        await supervisor.killWhileStarting(chance() * 1_500)
      }
      await supervisor.start()
    },
    postgres: async () => {
      const { ground } = this.#world
      const signal = this.#turns.postgres % 2 === 0 ? 'SIGQUIT' : 'SIGKILL'
      this.#note('kill of PostgreSQL', signal)
      await ground.kill(signal)
      await ground.start()
    },
    stop: async () => {
      const { ground, supervisor } = this.#world
      const isWaybill = this.#turns.stop % 2 === 0
      const ms = this.#between(pauseMs)
      this.#note(`SIGSTOP of ${isWaybill ? 'Waybill' : 'PostgreSQL'}`, `${Math.round(ms)} ms`)
      const goOn = isWaybill ? supervisor.pause() : ground.pause()
      await wait(ms)
      goOn()
    },
    disk: async () => {
      const { ground } = this.#world
      this.#note('disk full', ground.disk)
      const makeRoom = await ground.fill()
      await wait(fullMs)
      await makeRoom()
      this.#over('disk full')
    },
    clock: async () => {
      const { supervisor } = this.#world
      const by = this.#turns.clock % 2 === 0 ? skewMs : -skewMs
      this.#note('wrong clock of Waybill', `${by / 3_600_000} h, and as much the other way after half the time`)
      await supervisor.end('SIGTERM')
      await supervisor.start({ WAYBILL_TEST_SKEW_MS: String(by), WAYBILL_TEST_TURN_MS: String(skewedForMs / 2 + 2_000) })
      await wait(skewedForMs)
      await supervisor.end('SIGKILL')
      await supervisor.start()
    },
    network: async () => {
      const { ground, supervisor, chance } = this.#world
      const line = await Network.open(ground.connection)
      await supervisor.end('SIGTERM')
      await supervisor.start({}, { connection: line.connection })
      this.#note('latency of the database’s line', `${latencyMs} ms each way`)
      line.slow(latencyMs)
      await wait(cutMs)
      line.slow(0)
      for (let reset = 1; reset <= 3; reset += 1) {
        await wait(chance() * 1_000)
        this.#note('reset of the database’s line', `${line.reset()} connections`)
      }
      await wait(chance() * 1_000)
      this.#note('cut of the database’s line', `${cutMs} ms`)
      line.cut()
      await wait(cutMs)
      line.mend()
      await wait(cutMs)
      await supervisor.end('SIGKILL')
      await line.close()
      await supervisor.start({}, { connection: ground.connection })
    },
    /** The form in which Waybill starts and stops PostgreSQL itself; a killed one leaves it behind. */
    embedded: async () => {
      const { ground, supervisor } = this.#world
      await supervisor.end('SIGTERM')
      await ground.stop()
      await supervisor.start({}, { embedded: ground.folder })
      for (let kill = 1; kill <= 2; kill += 1) {
        await wait(this.#between(calmMs))
        this.#note('kill -9 of Waybill', 'with its own PostgreSQL')
        await supervisor.end('SIGKILL')
        await supervisor.start()
      }
      await wait(this.#between(calmMs))
      await supervisor.end('SIGTERM')
      await ground.start()
      await supervisor.start({}, { connection: ground.connection })
    },
  }

  #note(fault: string, detail: string): void {
    this.counted[fault] = (this.counted[fault] ?? 0) + 1
    this.#world.history.note({ process: 'nemesis', kind: 'fault', fault, detail })
  }

  #over(fault: string): void {
    this.#world.history.note({ process: 'nemesis', kind: 'fault', fault: `${fault}: over`, detail: '' })
  }

  #between({ least, most }: Readonly<{ least: number; most: number }>): number {
    return least + this.#world.chance() * (most - least)
  }
}
