/** One server under more and more load: where its knee is, and what it does beyond it. */
import { join } from 'node:path'
import { runProgram } from '../children.ts'
import { cpuSeconds } from '../processes.ts'
import { ownerKey } from '../world.ts'
import type { Pressed, PressureAsked } from './asked.ts'

export type Target = Readonly<{
  name: string
  url: string
  what: PressureAsked['what']
  products: number
  /** Processes whose time is counted: Waybill's. */
  pids: readonly number[]
  /** Far more than it can do; what it does of that says where to look for the knee. */
  muchPerSecond: number
}>
export type Step = Pressed & Readonly<{ cores: number }>

/** The knee is the largest rate of which so much is answered in time. */
const kneeShare = 0.95
/** Between two rates that are tried: first to find it at all, then to find it well. */
const stepTimes = { coarse: 1.5, fine: 1.12 } as const
const stepsMax = 14
/** From below what was done under far too much, which may be less than could be done. */
const firstShare = 0.7
/** More than could ever wait at once, within the time in which an answer is one. */
const connections = 1_500
const withinMs = 1_000
/** What came before the measured seconds is not counted, and what it left in the house is answered by then. */
const warmUpSeconds = 2
/** A new process has to learn what it can do, and its code has to warm up. */
const firstWarmUpSeconds = 7

const file = join(import.meta.dirname, '..', 'pressure-load.ts')

export const press = async (target: Target, perSecond: number, seconds: number, warmUp = warmUpSeconds): Promise<Step> => {
  const { url, what, products, pids } = target
  const asked: PressureAsked = {
    url,
    key: ownerKey,
    connections,
    what,
    products,
    perSecond: Math.round(perSecond),
    seconds: seconds + warmUp,
    warmUpSeconds: warmUp,
    withinMs,
  }
  const used = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const [before, start] = [used(), performance.now()]
  const pressed = await runProgram<Pressed>(file, asked, asked.seconds)
  const cores = ((used() - before) * 1_000) / (performance.now() - start)
  return { ...pressed, cores }
}

/** @returns the step at the knee. */
export const knee = async (target: Target, seconds: number, say: (line: string) => void): Promise<Step> => {
  const much = await press(target, target.muchPerSecond, seconds, firstWarmUpSeconds)
  say(stepText(`${target.name}, far too much`, much))
  let best: Step | undefined
  let times: number = stepTimes.coarse
  let rate = Math.max(1, much.good) * firstShare
  for (let steps = 0; steps < stepsMax; steps++) {
    const step = await press(target, rate, seconds)
    const isGood = step.good >= kneeShare * step.perSecond
    say(stepText(`${target.name}, ${isGood ? 'done' : 'too much'}`, step))
    if (isGood) best = step
    else if (best !== undefined && times === stepTimes.fine) return best
    else times = stepTimes.fine
    rate = best === undefined ? rate / stepTimes.coarse : best.perSecond * times
  }
  throw new Error(`${target.name}: no knee was found within ${stepsMax} steps`)
}

export const stepText = (name: string, step: Step): string =>
  `${name}: ${step.perSecond}/s offered, ${Math.round(step.good)} good, ${Math.round(step.refused)} refused, ` +
  `p99 ${Math.round(step.acceptedMs.p99)} and ${Math.round(step.refusedMs.p99)} ms`
