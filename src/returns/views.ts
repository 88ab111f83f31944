/** What returns shows to people and programs. Pure. */
import type { ReturnedUnits } from './contract.ts'
import { cameBack, type Known } from './return.ts'

export const lineId = (line: number): string => `oli_${line + 1}`
/** `oli_3` → 2; undefined where it is no line's id. */
export const lineOf = (id: string): number | undefined => {
  const digits = /^oli_([1-9]\d{0,4})$/.exec(id)?.[1]
  return digits === undefined ? undefined : Number(digits) - 1
}

export const returnView = (id: string, version: number, state: Known) => {
  const units = (lines: readonly ReturnedUnits[], line: number): number =>
    lines.reduce((sum, one) => sum + (one.line === line ? one.quantity : 0), 0)
  const arrived = 'place' in state ? state : undefined
  return {
    id,
    version,
    orderId: state.order,
    number: String(state.number),
    status: state.status,
    reason: state.reason,
    lines: state.lines.map(({ line, sku, quantity }) => ({
      id: lineId(line),
      sku,
      quantity,
      ...(arrived === undefined
        ? {}
        : {
            received: units(cameBack(arrived), line),
            restocked: units(arrived.restock, line),
            damaged: units(arrived.damaged, line),
            writtenOff: units(arrived.writtenOff, line),
          }),
    })),
    ...(arrived === undefined ? {} : { warehouse: arrived.place, refund: { amount: arrived.refund, currency: state.currency } }),
    actions: state.status === 'expected' ? ['receive', 'cancel'] : [],
  }
}
