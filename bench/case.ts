/** What a benchmark case is, and what it tells. */
export type Figures = Readonly<Record<string, number | string | boolean>>

/** A figure beside what the issue asks of it. */
export type Mark = Readonly<{
  /** In words: `rate ÷ (a)`. */
  what: string
  value: number
  /** The least, or with `atMost` the most, that counts as reached; `aim` is what we would like. */
  mark: number
  aim?: number
  atMost?: boolean
}>

export type Result = Readonly<{
  /** What was run, in words: `10,000 products, 64 connections`. */
  name: string
  figures: Figures
  marks?: readonly Mark[]
}>
export type BenchOptions = Readonly<{
  /** Seconds of each measured run. */
  seconds: number
  /** Runs in turn with their references; a figure is the median. */
  rounds: number
  /** Orders of history for `read` and `growth`: 10,000,000 would take some hours and, by what a million took, 270 GB; they are asked for by name. */
  historyMax: number
  /** How long `life` keeps orders going through their whole life. */
  lifeSeconds: number
  say: (line: string) => void
}>
export type BenchCase = Readonly<{
  name: string
  what: string
  /** Run only when named: it takes many minutes. */
  long?: boolean
  run: (options: BenchOptions) => Promise<readonly Result[]>
}>

/** A server answers at its lasting speed after so many seconds: then its code is compiled, levels are learnt and pools are full. */
export const warmUpSeconds = 15
