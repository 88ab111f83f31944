/**
 * Memory that a start or a rush left behind goes back to the machine once the process idles. V8 keeps what it has grown to:
 * after a start some 30 of 150 MB hold nothing, and a small machine has other uses for them.
 */
import { every } from '../kernel/timers.ts'
import { loopBusy } from './loop.ts'

const lookEveryMs = 5_000
/** Collecting takes a tenth of a second: only a process that did little more than look around has that to spare. */
const idleShare = 0.05

/** Collects all that is garbage and gives its pages back, as V8 does where memory is short. */
export const collectAll = async (): Promise<void> => {
  const { Session } = await import('node:inspector')
  const session = new Session()
  session.connect()
  try {
    await new Promise<void>((resolve, reject) => {
      session.post('HeapProfiler.collectGarbage', (fault) => (fault === null ? resolve() : reject(fault)))
    })
  } finally {
    session.disconnect()
  }
}

/** Once for each time of work that is over, the start among them. */
export class IdleMemory {
  readonly #share: () => number
  readonly #collect: () => Promise<void>
  #isOwed = true

  /** @param share of its time that the process worked since it was last asked, from 0 to 1. */
  constructor(share: () => number, collect: () => Promise<void> = collectAll) {
    this.#share = share
    this.#collect = collect
  }

  async look(): Promise<void> {
    if (this.#share() > idleShare) this.#isOwed = true
    else if (this.#isOwed) {
      await this.#collect()
      // What collecting took is no work.
      this.#share()
      this.#isOwed = false
    }
  }
}

/** @returns what ends it. */
export const giveBackWhenIdle = (onFault: (fault: unknown) => void): (() => void) => {
  const memory = new IdleMemory(loopBusy())
  return every(lookEveryMs, () => void memory.look().catch(onFault))
}
