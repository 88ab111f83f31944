/** Starts the load process and waits for what it measured. */
import { join } from 'node:path'
import { runChild } from '../children.ts'
import type { LoadAsked, Loaded } from './asked.ts'

const file = join(import.meta.dirname, 'load.ts')
/** Beyond the time it was asked for: connecting, last answers, sorting. */
const spareSeconds = 60

export const load = async (asked: LoadAsked): Promise<Loaded> => {
  const seconds = 'seconds' in asked ? asked.seconds : asked.secondsMax
  const output = await runChild(process.execPath, [file, JSON.stringify(asked)], {}, seconds + spareSeconds)
  const last = output?.trim().split('\n').at(-1)
  if (last === undefined || last === '') throw new Error('the load process said nothing')
  return JSON.parse(last) as Loaded
}

/** For runs in which every request must succeed. */
export const loadWithout5xx = async (asked: LoadAsked): Promise<Loaded> => {
  const loaded = await load(asked)
  const [odd] = loaded.odd
  if (odd !== undefined) throw new Error(`the load was answered with ${odd}`)
  return loaded
}
