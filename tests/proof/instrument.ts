/** What every instrument of the proof offers: work drawn from a seed for as long as it is given, counted, with what it found. */

export type Effort = Readonly<{
  /** The first seed; an instrument counts up from it. The same seed does the same work. */
  seed: number
  /** How long new work may be begun, in milliseconds; what is begun is finished and checked. */
  forMs: number
  /** Tells whoever watches how far it is: one line, no line break. */
  say: (line: string) => void
}>

/** A promise that did not hold. */
export type Finding = Readonly<{
  /** The promise's name, such as I3. */
  invariant: string
  seed: number
  /** What was seen, the shortest list of operations that shows it, and the command that runs it again. */
  told: string
}>

export type Outcome = Readonly<{
  /** What was done, by name: seeds, operations, faults of each kind, orders acknowledged, states checked. */
  counts: Readonly<Record<string, number>>
  findings: readonly Finding[]
}>

export type Instrument = Readonly<{ name: string; run: (effort: Effort) => Promise<Outcome> }>
