/** What the rooms of a shop keep: one value for PostgreSQL, one for memory (`tests/support/memory-shop.ts`). */
import { type CartRepository, PostgresCarts } from './carts/store.ts'
import { type CatalogStores, PostgresCatalog } from './catalog/store.ts'
import { type FulfilmentStores, postgresFulfilmentStores } from './fulfilment/store.ts'
import { PostgresUsers, type UserRepository } from './identity/users-store.ts'
import { type SourcingStorage, sourcingInPostgres } from './inventory/sourcing-room.ts'
import { type InventoryRepository, PostgresInventory } from './inventory/store.ts'
import { postgresWarehouses, type WarehouseStore } from './inventory/warehouses-store.ts'
import { type NotificationStorage, notificationsInPostgres } from './notifications/notifications.ts'
import type { RecentOrders } from './orders/contract.ts'
import { type ListingStore, postgresListing } from './orders/listing-store.ts'
import { recentOrders } from './orders/recent-store.ts'
import { type OrderRepository, PostgresOrders } from './orders/store.ts'
import { paymentsInPostgres, type PaymentStorage } from './payments/room.ts'
import type { Database } from './platform/postgres/database.ts'
import { postgresReturns, type ReturnRepository } from './returns/store.ts'
import { postgresShippingStores, type ShippingStores } from './shipping/store.ts'

export type ShopStores = Readonly<{
  catalog: CatalogStores
  warehouses: WarehouseStore
  stock: InventoryRepository
  sourcing: SourcingStorage
  users: UserRepository
  carts: CartRepository
  orders: OrderRepository
  listing: ListingStore
  recent: (limit: number) => Promise<RecentOrders>
  fulfilment: FulfilmentStores
  payments: PaymentStorage
  shipping: ShippingStores
  returns: ReturnRepository
  notifications: NotificationStorage
}>

export const postgresStores = (database: Database): ShopStores => ({
  catalog: new PostgresCatalog(database),
  warehouses: postgresWarehouses(database),
  stock: new PostgresInventory(database),
  sourcing: sourcingInPostgres(database),
  users: new PostgresUsers(database),
  carts: new PostgresCarts(database),
  orders: new PostgresOrders(database),
  listing: postgresListing,
  recent: recentOrders(database),
  fulfilment: postgresFulfilmentStores(database),
  payments: paymentsInPostgres(database),
  shipping: postgresShippingStores(database),
  returns: postgresReturns(database),
  notifications: notificationsInPostgres(database),
})
