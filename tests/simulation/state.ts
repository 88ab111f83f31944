/** Everything a checker looks at: plain data, so that a bad state can be made by hand. */
import type { FulfilmentOrder } from '../../src/fulfilment/work.ts'
import type { Transfer } from '../../src/fulfilment/transfer.ts'
import type { Holding } from '../../src/inventory/holding.ts'
import type { LedgerRow, LevelRow } from '../../src/inventory/levels.ts'
import type { Waiting } from '../../src/inventory/store.ts'
import type { Stored } from '../../src/kernel/decider.ts'
import type { Fact } from '../../src/kernel/event.ts'
import type { Instant } from '../../src/kernel/ids.ts'
import type { Mail } from '../../src/notifications/adapters/ports.ts'
import type { Notification } from '../../src/notifications/store.ts'
import type { Order } from '../../src/orders/order.ts'
import type { LoggedMovement } from '../../src/payments/contract.ts'
import type { Payment } from '../../src/payments/payment-state.ts'
import type { Return } from '../../src/returns/return.ts'
import type { Parcel } from '../../src/shipping/parcel.ts'
import type { Booked } from './parties.ts'
import { rowsOf } from './stores.ts'
import type { World } from './world.ts'

export type SeenFact = Readonly<{ position: number; stream: string; version: number; at: Instant; fact: Fact }>
export type Acked = Readonly<{ operation: number; order: string }>
export type Seen = Readonly<{
  now: Instant
  acknowledged: readonly Acked[]
  orders: ReadonlyMap<string, Stored<Order>>
  journal: readonly SeenFact[]
  levels: readonly LevelRow[]
  ledger: readonly LedgerRow[]
  holdings: ReadonlyMap<string, Holding>
  waiting: readonly Waiting[]
  payments: ReadonlyMap<string, Stored<Payment>>
  moneyLog: readonly LoggedMovement[]
  /** The provider's own books. */
  booked: readonly Booked[]
  fulfilments: ReadonlyMap<string, Stored<FulfilmentOrder>>
  transfers: ReadonlyMap<string, Stored<Transfer>>
  parcels: ReadonlyMap<string, Stored<Parcel>>
  returns: ReadonlyMap<string, Stored<Return>>
  /** What each reaction has done, by position; what it wants; and how far it says it is. */
  reactions: readonly Readonly<{ name: string; on: readonly string[]; position: number; done: readonly number[] }>[]
  parked: readonly Readonly<{ consumer: string; position: number; key: string; reason: string; dead: boolean }>[]
  tasks: readonly Readonly<{
    kind: string
    key: string
    dueAt: Instant
    attempt: number
    dead: boolean
    lastError: string | null
  }>[]
  /** What customers are told, and what the mail server took; absent where nobody is written to. */
  messages: readonly (Notification & Readonly<{ subject: string }>)[] | undefined
  mailed: ReadonlyMap<string, readonly Mail[]> | undefined
  /** Orders as they are looked up; absent there too. */
  listed: ReadonlyMap<string, Readonly<{ number: number; status: string; total: number }>> | undefined
  /** Whether faults are over and everything had its time. */
  isEnd: boolean
}>

export const seen = (world: World, isEnd: boolean): Seen => {
  const { stores } = world.server
  const { inventory, tables } = stores
  const [running] = world.rooms
  return {
    now: world.server.now(),
    acknowledged: world.acknowledged,
    orders: stores.orders.rows,
    journal: stores.records.journal,
    levels: [...inventory.levels.values()],
    ledger: inventory.ledger,
    holdings: inventory.holdings,
    waiting: [...inventory.waiting.values()],
    payments: stores.payments.rows,
    moneyLog: stores.payments.moneyLog,
    booked: world.provider.ledger,
    fulfilments: rowsOf(stores.fulfilment.fulfilments),
    transfers: rowsOf(stores.fulfilment.transfers),
    parcels: rowsOf(stores.shipping.parcels),
    returns: rowsOf(stores.returns),
    reactions: (running?.reactions ?? []).map(({ name, on }) => ({
      name,
      on,
      position: tables.consumers.get(name) ?? 0,
      done: world.delivered.get(name) ?? [],
    })),
    parked: [...tables.parked.values()],
    tasks: [...stores.records.tasks.values()],
    messages: world.mail === undefined ? undefined : [...stores.notifications.store.rows.values()],
    mailed: world.mail?.taken,
    listed: world.mail === undefined ? undefined : new Map(stores.listing.rows.entries()),
    isEnd,
  }
}
