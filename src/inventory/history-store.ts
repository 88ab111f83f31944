/**
 * The ledger rows of goods that came and went before Waybill. Each unit is received at its place and shipped from it; what
 * came back is received again and written off there. So the place is always at nothing: the ledger adds up without a level
 * row, nothing is sellable from history, and no placement has a row more to lock.
 */
import type { Instant, OrderId, Place, Sku } from '../kernel/ids.ts'
import type { SqlWrite } from '../platform/store/work.ts'
import type { LedgerKind } from './levels.ts'

export type HistoricalGoods = Readonly<{
  order: OrderId
  place: Place
  sku: Sku
  at: Instant
  shipped: number
  returns: readonly Readonly<{ invoice: string; at: Instant; quantity: number }>[]
}>
type Row = Readonly<{
  at: Instant
  sku: Sku
  place: Place
  onHand: number
  kind: LedgerKind
  order: OrderId
  reference: string | null
}>

const ledgerSql = `insert into inventory.ledger (at, sku, place, on_hand, reserved, in_transit, damaged, kind, order_id, reference)
  select at, sku, place, on_hand, 0, 0, 0, kind, order_id, reference
    from unnest($1::timestamptz[], $2::text[], $3::text[], $4::int[], $5::text[], $6::uuid[], $7::text[]) as t (at, sku, place, on_hand, kind, order_id, reference)`

export const historicalGoods = (goods: readonly HistoricalGoods[]): SqlWrite => {
  const rows = goods.flatMap(rowsOf)
  return {
    name: 'inventory.ledger.history',
    sql: ledgerSql,
    types: ['timestamptz', 'text', 'text', 'int4', 'text', 'uuid', 'text'],
    columns: [
      rows.map(({ at }) => at),
      rows.map(({ sku }) => sku),
      rows.map(({ place }) => place),
      rows.map(({ onHand }) => onHand),
      rows.map(({ kind }) => kind),
      rows.map(({ order }) => order),
      rows.map(({ reference }) => reference),
    ],
  }
}

const rowsOf = ({ order, place, sku, at, shipped, returns }: HistoricalGoods): Row[] => {
  const move = (when: Instant, onHand: number, kind: LedgerKind, reference: string | null): Row[] =>
    onHand === 0 ? [] : [{ at: when, sku, place, onHand, kind, order, reference }]
  return [
    ...move(at, shipped, 'imported', null),
    ...move(at, -shipped, 'shipped', null),
    ...returns.flatMap((back) => [
      ...move(back.at, back.quantity, 'returned', back.invoice),
      ...move(back.at, -back.quantity, 'adjusted', `${back.invoice}: written off, history is not sold`),
    ]),
  ]
}
