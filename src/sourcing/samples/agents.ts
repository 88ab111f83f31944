/**
 * The network and the three orders of requirement A17 as data: three Polish warehouses, ten units of each product where
 * the requirement puts it, and a tariff in which moving a product beats a second parcel for all three orders.
 */
import type { Instant, Place, Sku } from '../../kernel/ids.ts'
import { defaults, type Network, type Warehouse } from '../network.ts'
import type { Levels, SourcingOrder } from '../request.ts'

const unitsOfEach = 10

const warehouse = (number: 1 | 2 | 3, town: string, postalCode: string, latitude: number, longitude: number): Warehouse => ({
  ...defaults.warehouse,
  id: `warehouse${number}` as Place,
  name: `warehouse${number} (${town})`,
  country: 'PL',
  postalCode,
  latitude,
  longitude,
  timeZone: 'Europe/Warsaw',
})

const shelves: Readonly<Record<string, readonly number[]>> = {
  prod1: [unitsOfEach, 0, 0],
  prod4: [unitsOfEach, 0, 0],
  prod9: [unitsOfEach, 0, 0],
  prod2: [0, unitsOfEach, 0],
  prod3: [0, unitsOfEach, 0],
  prod6: [0, unitsOfEach, 0],
  prod8: [0, unitsOfEach, 0],
  prod5: [0, 0, unitsOfEach],
  prod7: [0, 0, unitsOfEach],
}
const nowhere: readonly number[] = [0, 0, 0]

/** A parcel costs 9.50 to send and a move 2.00: three light products never pay for a second parcel. */
export const agentsNetwork: Network = {
  version: 'agents@1',
  warehouses: [
    warehouse(1, 'Warszawa', '00-001', 52.2297, 21.0122),
    warehouse(2, 'Kraków', '30-001', 50.0647, 19.945),
    warehouse(3, 'Gdańsk', '80-001', 54.352, 18.6466),
  ],
  delivery: [{ ...defaults.delivery, baseCents: 950 }],
  transfer: { ...defaults.transfer, fixedCents: 200, perKgCents: 30 },
  lanes: 'all',
  overrides: [],
}

export const agentsLevels: Levels = {
  available: (sku) => shelves[sku] ?? nowhere,
  lots: () => [],
}

type Named = Readonly<{ id: string; customer: string; order: SourcingOrder }>
const order = (
  id: string,
  customer: string,
  at: string,
  town: readonly [string, number, number],
  skus: readonly string[],
): Named => ({
  id,
  customer,
  order: {
    at: at as Instant,
    destination: { country: 'PL', postalCode: town[0], latitude: town[1], longitude: town[2] },
    lines: skus.map((sku) => ({ sku: sku as Sku, quantity: 1, grams: 400 })),
    allow: { backorder: skus.map(() => false), split: true, transfer: true },
  },
})

/** The requirement names the customers and the days; the towns are ours. */
export const agentsOrders: readonly Named[] = [
  order('order:123', 'Kowalski', '2024-11-09T10:00:00.000Z', ['90-001', 51.7592, 19.456], ['prod1', 'prod6', 'prod9']),
  order('order:124', 'Nowak', '2024-11-10T10:00:00.000Z', ['85-001', 53.1235, 18.0084], ['prod4', 'prod5']),
  order('order:125', 'Lewandowski', '2024-11-11T10:00:00.000Z', ['40-001', 50.2649, 19.0238], ['prod9', 'prod2', 'prod3']),
]
