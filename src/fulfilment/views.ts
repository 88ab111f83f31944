/** What fulfilment shows to people and programs. Pure. */
import type { LineUnits } from '../orders/contract.ts'
import { actions } from './fulfilment-order.ts'
import { type LiveTransfer, outstanding, transferActions } from './transfer.ts'
import { unitsOf } from './units.ts'
import { inParcels, type Live, unpicked } from './work.ts'

export const fulfilmentView = (id: string, version: number, state: Live) => {
  const packed = inParcels(state.parcels)
  return {
    id,
    version,
    order: state.order,
    number: state.number,
    place: state.place,
    status: state.status,
    held: state.held,
    collectionHeld: state.collectionHeld,
    lines: state.lines.map(({ line, sku, quantity, supply, transit, picked, bundle }) => ({
      line,
      sku,
      quantity,
      awaitingStock: supply,
      awaitingTransfer: transit,
      picked,
      packed: unitsOf(packed, line),
      ...(bundle === undefined ? {} : { bundle }),
    })),
    parcels: state.parcels.map(({ parcel, weightGrams, lines, where }) => ({ id: parcel, weightGrams, lines, where })),
    putBack: state.putBack,
    country: state.country,
    postalCode: state.postalCode,
    shippingMethod: state.shippingMethod,
    ...(state.combined === undefined ? {} : { packWith: state.combined.with }),
    actions: actions(state),
  }
}

export const transferView = (id: string, version: number, state: LiveTransfer) => ({
  id,
  version,
  ...(state.order === undefined ? {} : { order: state.order }),
  ...(state.fulfilment === undefined ? {} : { fulfilment: state.fulfilment }),
  from: state.from,
  to: state.to,
  status: state.status,
  lines: state.lines,
  outstanding: state.status === 'sent' ? outstanding(state) : [],
  actions: transferActions(state),
})

export type PickListRow = LineUnits & Readonly<{ sku: string }>

/** What to fetch now, in the order of the shelves' labels; picked units that were cancelled go the other way. */
export const pickList = (id: string, state: Live) => {
  const bySku = (a: PickListRow, b: PickListRow): number => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : a.line - b.line)
  const working = (state.status === 'released' || state.status === 'picking') && !state.held
  const pick = working ? state.lines.map((line): PickListRow => ({ line: line.line, sku: line.sku, quantity: unpicked(line) })) : []
  return {
    id,
    number: state.number,
    place: state.place,
    status: state.status,
    pick: pick.filter(({ quantity }) => quantity > 0).sort(bySku),
    putBack: [...state.putBack].sort(bySku),
  }
}

/** The same, for a printer: one row a line, a box to tick. */
export const pickListText = (list: ReturnType<typeof pickList>): string => {
  const row = ({ sku, quantity, line }: PickListRow): string =>
    `[ ] ${String(quantity).padStart(6)} x ${sku.padEnd(24)} line ${line}`
  return [
    `PICK LIST  order ${list.number}  warehouse ${list.place}  (${list.status})`,
    `fulfilment ${list.id}`,
    '',
    ...(list.pick.length === 0 ? ['nothing to pick'] : list.pick.map(row)),
    ...(list.putBack.length === 0 ? [] : ['', 'PUT BACK', ...list.putBack.map(row)]),
    '',
  ].join('\n')
}
