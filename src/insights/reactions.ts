/** Adds what happened to the figures: one read and one save a batch, together with the reaction's position. */
import type { Envelope, Fact } from '../kernel/event.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import type { InventoryEvent } from '../inventory/contract.ts'
import type { OrderEvent } from '../orders/contract.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import { bucketOf, grains } from './calendar.ts'
import { binOf } from './histogram.ts'
import { advance, type Figure, type Figures, isCounted, type OrderLife, place, type Step } from './order-life.ts'
import type { DurationRow, FigureRow, InsightStore, PromotionRow, StockRow } from './store.ts'

export const reactionName = 'insights.figures'

const orderTypes: readonly OrderEvent['type'][] = [
  'OrderPlaced',
  'StockReserved',
  'UnitsCancelled',
  'UnitsAdded',
  'OrderCancelled',
  'OrderExpired',
  'OrderReopened',
  'MoneyRecorded',
  'ParcelProgressed',
  'UnitsReturned',
  'StatusChanged',
]
const stockTypes: readonly InventoryEvent['type'][] = ['StockLow', 'StockOut']

const types: ReadonlySet<string> = new Set(orderTypes)
const isOrderEvent = (event: Fact): event is OrderEvent => types.has(event.type)

export const insightReaction = (store: InsightStore, zone: string): Reaction => ({
  name: reactionName,
  on: [...orderTypes, ...stockTypes],
  react: async (work, envelopes) => {
    const counted = envelopes.filter(({ event }) => !isOrderEvent(event) || isCounted(event))
    if (counted.length === 0) return envelopes.map(() => 'done')
    const lives = await store.lives(work, [
      ...new Set(counted.flatMap(({ stream, event }) => (isOrderEvent(event) ? [stream] : []))),
    ])
    const batch = new BatchSums(lives, zone)
    const handled = envelopes.map((envelope) => batch.take(envelope))
    work.add(
      store.addLives(batch.added),
      store.saveLives(batch.changed),
      store.addFigures([...batch.figures.values()]),
      store.addDurations([...batch.durations.values()]),
      store.addPromotions([...batch.promotions.values()]),
      store.addStock([...batch.stock.values()]),
    )
    return handled
  },
})

/** What a batch adds, summed by row: one statement may touch a row only once. */
class BatchSums {
  readonly added = new Map<OrderId, OrderLife>()
  readonly changed = new Map<OrderId, OrderLife>()
  readonly figures = new Map<string, FigureRow & { figures: Map<Figure, number> }>()
  readonly durations = new Map<string, DurationRow & { count: number }>()
  readonly promotions = new Map<string, { -readonly [Name in keyof PromotionRow]: PromotionRow[Name] }>()
  readonly stock = new Map<Instant, { -readonly [Name in keyof StockRow]: StockRow[Name] }>()
  readonly #lives: Map<OrderId, OrderLife>
  readonly #zone: string

  constructor(lives: Map<OrderId, OrderLife>, zone: string) {
    this.#lives = lives
    this.#zone = zone
  }

  take({ event, stream, at }: Envelope): Handled {
    if (!isOrderEvent(event)) {
      this.#countStock(event.type, at)
      return 'done'
    }
    if (!isCounted(event)) return 'done'
    const life = this.#lives.get(stream)
    if (event.type === 'OrderPlaced') {
      // An order is placed once: what is known already was counted already.
      if (life === undefined) this.#keep(stream, at, place(event))
      return 'done'
    }
    if (life === undefined) return { notYet: `${event.type} before OrderPlaced` }
    this.#keep(stream, at, advance(life, event, { at, zone: this.#zone }))
    return 'done'
  }

  #keep(id: OrderId, at: Instant, { life, figures, took = [], promotions = [] }: Step): void {
    const before = this.#lives.get(id)
    if (before !== life) {
      this.#lives.set(id, life)
      if (before === undefined || this.added.has(id)) this.added.set(id, life)
      else this.changed.set(id, life)
    }
    this.#addFigures(life, figures)
    for (const { stage, durationMs } of took) {
      for (const grain of grains) {
        const row = { currency: life.currency, grain, at: bucketOf(grain, at), stage, bin: binOf(durationMs), count: 0 }
        found(this.durations, [row.currency, grain, row.at, stage, String(row.bin)], row).count += 1
      }
    }
    for (const { code, discount, orderValue } of promotions) {
      for (const grain of grains) {
        const none = {
          currency: life.currency,
          grain,
          at: bucketOf(grain, life.placedAt),
          code,
          uses: 0,
          discount: 0,
          orderValue: 0,
        }
        const row = found(this.promotions, [none.currency, grain, none.at, code], none)
        row.uses += 1
        row.discount += discount
        row.orderValue += orderValue
      }
    }
  }

  #addFigures({ currency, placedAt }: OrderLife, added: Figures): void {
    const names = Object.keys(added)
    if (names.length === 0) return
    const at = bucketOf('quarter', placedAt)
    const row = found(this.figures, [currency, at], { currency, at, figures: new Map<Figure, number>() })
    for (const [name, value] of entriesOf(added)) row.figures.set(name, (row.figures.get(name) ?? 0) + value)
  }

  #countStock(type: string, happened: Instant): void {
    const at = bucketOf('quarter', happened)
    const row = this.stock.get(at) ?? { at, low: 0, soldOut: 0 }
    this.stock.set(at, row)
    if (type === 'StockLow') row.low += 1
    else row.soldOut += 1
  }
}

const entriesOf = (figures: Figures): (readonly [Figure, number])[] => Object.entries(figures) as [Figure, number][]

const found = <Row>(rows: Map<string, Row>, key: readonly string[], none: Row): Row => {
  const name = key.join('\n')
  const row = rows.get(name) ?? none
  rows.set(name, row)
  return row
}
