/** What goes wrong in one seed: each kind has its own probability, drawn once, and is often not there at all (swarm). */
import type { Random } from './random.ts'

/** Shares of calls, unless said otherwise. */
export type Faults = Readonly<{
  /** A process dies at a call it awaits. */
  crash: number
  /** A statement is much slower than usual. */
  slow: number
  /** A commit is answered as lost, though it was saved. */
  lostAnswer: number
  /** A commit is answered as lost, and nothing was saved. */
  lostCommit: number
  /** A statement or a commit fails as a serialisation failure or as a deadlock's victim. */
  serialization: number
  /** The connection breaks at a statement before the commit. */
  broken: number
  /** Of all seeds with it: commits are not replicated for a while, and then the standby takes over without them. */
  failOver: number
  /** The payment provider does not answer: half of the time it acted all the same. */
  providerSilent: number
  /** A webhook comes late, again, or behind a later one. */
  webhookLate: number
  webhookAgain: number
  webhookLost: number
  /** Carriers' news late, twice with another id, or out of order. */
  newsLate: number
  newsTwice: number
  newsUnordered: number
  /** A client does not wait for its answer and asks again with its key. */
  impatient: number
  /** Hours by which a process's own clock is off. */
  skewHours: number
}>

export type FaultName = keyof Faults

/** Each is absent in at least this share of seeds. */
const absentShare = 0.4

const most: Readonly<Record<Exclude<FaultName, 'skewHours'>, number>> = {
  crash: 0.006,
  slow: 0.05,
  lostAnswer: 0.05,
  lostCommit: 0.04,
  serialization: 0.06,
  broken: 0.02,
  failOver: 1,
  providerSilent: 0.3,
  webhookLate: 0.5,
  webhookAgain: 0.5,
  webhookLost: 0.2,
  newsLate: 0.5,
  newsTwice: 0.4,
  newsUnordered: 0.4,
  impatient: 0.3,
}

export const noFaults: Faults = {
  ...(Object.fromEntries(Object.keys(most).map((name) => [name, 0])) as Record<Exclude<FaultName, 'skewHours'>, number>),
  skewHours: 0,
}

export const drawFaults = (random: Random): Faults => {
  const drawn = Object.fromEntries(
    Object.entries(most).map(([name, share]) => [name, random.happens(absentShare) ? 0 : random.next() * share]),
  ) as Record<Exclude<FaultName, 'skewHours'>, number>
  return { ...drawn, skewHours: random.happens(absentShare) ? 0 : random.pick([-3, 3]) }
}
