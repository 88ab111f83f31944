/** What moves stock because of other rooms: transfers leave and arrive, parcels are collected, returns come back. */
import type { Envelope, Fact } from '../kernel/event.ts'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import type { TransferEvent } from '../fulfilment/contract.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Work } from '../platform/store/work.ts'
import type { ParcelEvent } from '../shipping/contract.ts'
import type { Inventory } from './service.ts'
import type { Stock } from './stock.ts'

type Moves =
  | Extract<TransferEvent, { type: 'TransferSent' | 'TransferReceived' }>
  | Extract<ParcelEvent, { type: 'ParcelCollected' }>
  | Readonly<{ type: 'ReturnReceived'; order: OrderId; place: Place; restock: readonly Units[]; damaged: readonly Units[] }>
type Units = Readonly<{ line: number; sku: Sku; quantity: number }>

const isMove = (event: Fact): event is Moves => moves.includes(event.type)
const moves = ['TransferSent', 'TransferReceived', 'ParcelCollected', 'ReturnReceived']

const pairsOf = (event: Moves): Readonly<{ sku: Sku; place: Place }>[] => {
  switch (event.type) {
    case 'TransferSent':
      return event.lines.flatMap(({ sku }) => [
        { sku, place: event.from },
        { sku, place: event.to },
      ])
    case 'TransferReceived':
      return [...event.received, ...event.damaged, ...event.missing].map(({ sku }) => ({ sku, place: event.to }))
    case 'ParcelCollected':
      return event.lines.map(({ sku }) => ({ sku, place: event.place }))
    case 'ReturnReceived':
      return [...event.restock, ...event.damaged].map(({ sku }) => ({ sku, place: event.place }))
  }
}

const step = (stock: Stock, event: Moves, stream: string): void => {
  switch (event.type) {
    case 'TransferSent':
      return stock.send(event.order, event.from, event.to, event.lines, stream)
    case 'TransferReceived':
      return stock.arrive(event.order, event.to, event)
    case 'ParcelCollected':
      return stock.ship(event.order, event.place, event.lines)
    case 'ReturnReceived':
      for (const { sku, quantity } of event.restock) stock.receive(sku, event.place, quantity, 'returned', undefined, event.order)
      for (const { sku, quantity } of event.damaged)
        stock.levels.move(sku, event.place, { damaged: quantity }, 'returned', event.order)
  }
}

export const stockMoves = (inventory: Inventory): Reaction => ({
  name: 'inventory.moves',
  on: moves,
  react: async (work: Work, envelopes: readonly Envelope[]): Promise<readonly Handled[]> => {
    const moved = envelopes.flatMap(({ event, stream }) => (isMove(event) ? [{ event, stream }] : []))
    const pairs = moved.flatMap(({ event }) => pairsOf(event))
    const orders = moved.flatMap(({ event: { order } }) => (order === undefined ? [] : [order]))
    const stock = await inventory.load(
      work,
      pairs.map(({ sku }) => sku),
      orders,
      pairs,
    )
    for (const { event, stream } of moved) step(stock, event, stream)
    work.add(...inventory.writes(stock, work, { actor: 'system', cause: `journal:${envelopes[0]?.position}` }))
    inventory.memory.forget(pairs.map(({ sku }) => sku))
    return envelopes.map(() => 'done')
  },
})
