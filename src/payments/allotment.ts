/** Several payments may add up to one order, or one too many may come: which of their money the order keeps. Pure. */
import { covering, type Started } from './payment-state.ts'

export type Held = Readonly<{ id: string; state: Started }>

/**
 * Money that is there counts before pages that are still open, and money that came before counts before what came last
 * (`newest`): a buyer who paid twice gets the second payment back (saleor#14926).
 * @returns what the order may keep of each payment, out of `total`.
 */
export const allot = (payments: readonly Held[], total: number, newest?: string): ReadonlyMap<string, number> => {
  const rank = ({ id, state }: Held): number => (covering(state) <= 0 ? 2 : id === newest ? 1 : 0)
  const inOrder = payments.toSorted((a, b) => rank(a) - rank(b))
  const kept = new Map<string, number>()
  let left = total
  for (const { id, state } of inOrder) {
    // What was given up once stays so, and a payment that ended without money pays for nothing.
    const gone = state.wanted === 0 || (covering(state) <= 0 && state.ended !== undefined)
    const amount = gone ? Math.min(state.wanted, total) : Math.min(left, state.amount)
    kept.set(id, amount)
    if (!gone && covering(state) > 0) left -= Math.min(amount, covering(state))
  }
  return kept
}
