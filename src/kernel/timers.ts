/**
 * Waiting, how long something took, and chance where it only spreads load: the one place that asks the machine for them. The
 * simulation puts virtual time in their place, for the whole process; what is decided never comes from here.
 */
export type Timers = Readonly<{
  /** Milliseconds that pass; from where they are counted says nothing. */
  nowMs: () => number
  /** Once, after a while. @returns what calls it off. */
  later: (ms: number, run: () => void) => () => void
  /** Again and again. @returns what ends it. */
  every: (ms: number, run: () => void) => () => void
  /** When everything that came in this turn of the event loop was read. */
  soon: (run: () => void) => void
  /** From 0 up to, and without, 1. */
  chance: () => number
}>

/** Looked up at each call, so that a test's own clock counts here too. */
const machine: Timers = {
  nowMs: () => performance.now(),
  later: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
  soon: (run) => void setImmediate(run),
  chance: () => Math.random(),
}

let timers = machine

/** @returns what puts the former ones back. */
export const useTimers = (others: Timers): (() => void) => {
  const before = timers
  timers = others
  return () => {
    timers = before
  }
}

export const nowMs = (): number => timers.nowMs()
export const later = (ms: number, run: () => void): (() => void) => timers.later(ms, run)
export const every = (ms: number, run: () => void): (() => void) => timers.every(ms, run)
export const soon = (run: () => void): void => timers.soon(run)
/** Lets everybody else have a turn. */
export const turn = (): Promise<void> => new Promise((resolve) => timers.soon(resolve))
export const chance = (): number => timers.chance()
export const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    timers.later(ms, resolve)
  })
