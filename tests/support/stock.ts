/** Stock for tests of the planner: a source that takes from the first place that has units, then from what is expected. */
import type { Day, Instant, OrderId, Place, Sku } from '../../src/kernel/ids.ts'
import type { ReserveLine, ReserveRequest, Source } from '../../src/inventory/contract.ts'
import type { LevelRow } from '../../src/inventory/levels.ts'
import type { ShipmentLine } from '../../src/orders/contract.ts'

export const at = '2026-11-21T10:00:00.000Z' as Instant
export const today = '2026-11-21' as Day
export const later = '2026-12-01' as Day

type Pool = { place: Place; units: number }

/** Ships everything from the place of the first unit: what lies elsewhere travels there. Never hands out a unit twice. */
export const nearest: Source = ({ lines }, stock) => {
  const free = new Map<Sku, Pool[]>()
  const lots = new Map<Sku, (Pool & { day: Day })[]>()
  for (const { sku } of lines) {
    free.set(
      sku,
      [...stock.free(sku)].map((pool) => ({ ...pool })),
    )
    lots.set(
      sku,
      stock.lots(sku).map(({ place, day, quantity }) => ({ place, day, units: quantity })),
    )
  }
  const shipped: ShipmentLine[] = []
  const unfilled: { line: number; quantity: number }[] = []
  let hub: Place | undefined
  for (const { line, sku, quantity, waits, ifShort } of lines) {
    let missing = quantity
    for (const pool of free.get(sku) ?? []) {
      const units = Math.min(missing, pool.units)
      if (units === 0) continue
      pool.units -= units
      missing -= units
      hub ??= pool.place
      shipped.push({ line, sku, quantity: units, from: pool.place, kind: pool.place === hub ? 'stock' : 'transfer' })
    }
    for (const lot of waits ? (lots.get(sku) ?? []) : []) {
      const units = Math.min(missing, lot.units)
      if (units === 0) continue
      lot.units -= units
      missing -= units
      hub ??= lot.place
      shipped.push({
        line,
        sku,
        quantity: units,
        from: lot.place,
        kind: ifShort === 'preorder' ? 'preorder' : 'backorder',
        ready: lot.day,
      })
    }
    if (missing > 0) unfilled.push({ line, quantity: missing })
  }
  const place = hub ?? ('nowhere' as Place)
  return { shipments: shipped.length === 0 ? [] : byWaiting(place, shipped), unfilled }
}

/** Waiting units are a shipment of the place where they are expected. */
const byWaiting = (hub: Place, lines: readonly ShipmentLine[]) => {
  const waiting = lines.filter(({ kind }) => kind === 'backorder' || kind === 'preorder')
  const ready = lines.filter((line) => !waiting.includes(line))
  const places = [...new Set(waiting.map(({ from }) => from))]
  return [
    ...(ready.length > 0 ? [{ place: hub, dispatch: today, arrives: today, lines: ready }] : []),
    ...places.map((place) => ({ place, dispatch: later, arrives: later, lines: waiting.filter(({ from }) => from === place) })),
  ]
}

export const level = (sku: string, place: string, onHand: number, more: Partial<LevelRow> = {}): LevelRow => ({
  sku: sku as Sku,
  place: place as Place,
  onHand,
  reserved: 0,
  inTransit: 0,
  safety: 0,
  damaged: 0,
  ...more,
})

export const wanted = (line: number, sku: string, quantity: number, ifShort: ReserveLine['ifShort'] = 'refuse'): ReserveLine => ({
  line,
  sku: sku as Sku,
  quantity,
  grams: 500,
  ifShort,
})

export const request = (...lines: readonly ReserveLine[]): ReserveRequest => ({
  at,
  destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.5 },
  lines,
  shippingMethod: 'standard',
})

export const orderId = (number: number): OrderId => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}` as OrderId
