/** What the shop keeps: the rooms that have tables, and those whose objects are streams with one state row each. */
import { join } from 'node:path'
import { fulfilmentOrder } from './fulfilment/fulfilment-order.ts'
import { transfer } from './fulfilment/transfer.ts'
import { payment } from './payments/payment.ts'
import type { Database } from './platform/postgres/database.ts'
import { migrate, type MigrationFolder } from './platform/postgres/migrations.ts'
import { policyDecider } from './inventory/policy-life.ts'
import { returnDecider } from './returns/return.ts'
import { parcel } from './shipping/parcel.ts'

export const roomsWithTables = [
  'platform',
  'identity',
  'catalog',
  'carts',
  'inventory',
  'orders',
  'payments',
  'fulfilment',
  'shipping',
  'returns',
  'notifications',
  'insights',
] as const
const migrationFolders: readonly MigrationFolder[] = roomsWithTables.map((room) => ({
  room,
  folder: join(import.meta.dirname, room, 'migrations'),
}))

/** Makes the schema what this version needs. */
export const prepareDatabase = async (database: Database, say: (line: string) => void): Promise<void> => {
  const client = await database.client()
  try {
    await migrate(client, migrationFolders, say)
  } finally {
    await client.end()
  }
}

/** What `verify` folds beside orders. */
export const streamTables = [
  { table: 'payments.payments', decider: payment },
  { table: 'fulfilment.fulfilment_orders', decider: fulfilmentOrder },
  { table: 'fulfilment.transfers', decider: transfer },
  { table: 'shipping.parcels', decider: parcel },
  { table: 'returns.returns', decider: returnDecider },
  { table: 'inventory.policies', decider: policyDecider },
] as const
