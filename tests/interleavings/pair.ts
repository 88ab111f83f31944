/** What is raced: cases made many at a time, each for one schedule, the operations on it, and what must hold afterwards. */
import type { Ran } from './schedule.ts'
import type { World } from './world.ts'

/** One race: whatever it works on is its own. `skus` and `orders` are looked at by the checks that every case goes through. */
export type Case = Readonly<{
  skus?: readonly string[]
  /** One operation a party; each runs in a process of its own or, where it says so, in the other's. */
  parties: readonly (() => Promise<unknown>)[]
  /** Said of this case once all rooms have heard of everything: what is wrong with it. */
  judge: (ended: Ran['ended']) => Promise<readonly Wrong[]> | readonly Wrong[]
}>
/** A promise that was broken, and how it shows. */
export type Wrong = Readonly<{ invariant: string; told: string }>

export type Pair = Readonly<{
  /** The operations, as `reserve/expire`; after a comma what is special. */
  name: string
  /** Makes so many cases. */
  prepare: (world: World, count: number) => Promise<readonly Case[]>
  /** Of a thing of which a shop keeps few: cases are made one at a time, as they are needed. */
  few?: boolean
}>
