/** Starts the load process and waits for what it measured. */
import { join } from 'node:path'
import { runProgram } from '../children.ts'
import type { LoadAsked, Loaded } from './asked.ts'

const file = join(import.meta.dirname, 'load.ts')

export const load = (asked: LoadAsked): Promise<Loaded> =>
  runProgram(file, asked, 'seconds' in asked ? asked.seconds : asked.secondsMax)

/** For runs in which every request must succeed. */
export const loadWithout5xx = async (asked: LoadAsked): Promise<Loaded> => {
  const loaded = await load(asked)
  const [odd] = loaded.odd
  if (odd !== undefined) throw new Error(`the load was answered with ${odd}`)
  return loaded
}
