/** The promises as functions of what is there: each by its name, so that a test can take one out and see that it is missed. */
import type { Seen } from './state.ts'
import { historiesFold, legalTransitions, unitsOfOrders } from './checks-orders.ts'
import { everyEventOnce, everyOrderEnds, nothingSilent, roomsAgree } from './checks-events.ts'
import { everybodyTold, listsAgree } from './checks-told.ts'
import { chargedOnce, expiryIsFair, moneyConserved, timeIsTheDatabases } from './checks-money.ts'
import { ledgerBalances, noOversell } from './checks-stock.ts'

export type Check = (seen: Seen) => readonly string[]

/** No acknowledged order is lost. */
const noneLost: Check = ({ acknowledged, orders }) =>
  acknowledged.flatMap(({ order, operation }) =>
    orders.get(order)?.state.status === 'live' ? [] : [`order ${order} was acknowledged to client #${operation} and is gone`],
  )

/** One effect a key: every answer names one order, and nobody's order is there twice. */
const oneEffect: Check = ({ acknowledged, orders }) => {
  const found: string[] = []
  const answered = new Map<number, string>()
  for (const { operation, order } of acknowledged) {
    const before = answered.get(operation)
    if (before !== undefined && before !== order) found.push(`client #${operation} was answered with ${before} and with ${order}`)
    answered.set(operation, order)
  }
  const byUser = new Map<string, string>()
  for (const [id, { state }] of orders) {
    if (state.status !== 'live' || state.placed.user === undefined) continue
    const before = byUser.get(state.placed.user)
    if (before !== undefined) found.push(`${state.placed.user} ordered once and has ${before} and ${id}`)
    byUser.set(state.placed.user, id)
  }
  return found
}

export const checks = {
  I1: noneLost,
  I2: oneEffect,
  I3: noOversell,
  I4: ledgerBalances,
  I5: moneyConserved,
  I6: chargedOnce,
  I7: everyOrderEnds,
  'I7 silent': nothingSilent,
  I8: historiesFold,
  'I8 transitions': legalTransitions,
  'I8 units': unitsOfOrders,
  I9: everyEventOnce,
  'I9 messages': everybodyTold,
  I10: roomsAgree,
  'I10 lists': listsAgree,
  I11: expiryIsFair,
  I16: timeIsTheDatabases,
} as const satisfies Readonly<Record<string, Check>>
export type CheckName = keyof typeof checks
export type Violation = Readonly<{ check: CheckName; what: string }>

export const checkNames = Object.keys(checks) as CheckName[]
/** Those that say something only once everything had its time cost nothing before. */
export const violations = (seen: Seen, without: readonly CheckName[] = []): readonly Violation[] =>
  checkNames
    .filter((check) => !without.includes(check))
    .flatMap((check) => checks[check](seen).map((what): Violation => ({ check, what })))
