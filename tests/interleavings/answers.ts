/** Reading what the parties answered. */
import type { Wrong } from './pair.ts'
import type { Ran } from './schedule.ts'

/** What was answered; a party that threw has answered nothing, which no operation of the product may do. */
export const answers = <Answer>(ended: Ran['ended']): readonly Answer[] =>
  ended.flatMap((one) => ('answer' in one ? [one.answer as Answer] : []))

export const wrong = (invariant: string, holds: boolean, about: unknown): readonly Wrong[] =>
  holds ? [] : [{ invariant, told: JSON.stringify(about, plain) }]

/** Faults say what they are. */
const plain = (_key: string, value: unknown): unknown => {
  if (!(value instanceof Error)) return value
  return value.cause instanceof Error ? `${value.message}: ${value.cause.message}` : value.message
}

/** The same several times, in one turn of the event loop: one batch. */
export const all = <Answer>(count: number, run: (index: number) => Promise<Answer>): Promise<readonly Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)))
