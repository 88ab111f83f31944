/**
 * `waybill import orders`: the Online Retail file becomes history (docs/reference/cli.md). The file is read whole first, for
 * only the whole file can tell what a cancellation takes back; then its orders are written, oldest first, a few hundred a
 * transaction. Each order claims its invoice number in the transaction that writes it, so a second run, or one after a
 * kill, adds exactly what is missing.
 */
import { join } from 'node:path'
import { addressBookIn, type HistoricalOrder, readCsvRows, readRetailHistory, type RejectedRow } from '../imports/contract.ts'
import { PostgresUsers } from '../identity/users-store.ts'
import { historicalGoods } from '../inventory/history-store.ts'
import { isRefusal } from '../kernel/decider.ts'
import type { OrderId, PersonRef, Place, Sku } from '../kernel/ids.ts'
import { externalPlace, goodsMoved, historyOf } from '../orders/history.ts'
import { historicalOrders, historyClaim, historyId } from '../orders/history-service.ts'
import { historicalPayments } from '../payments/history-service.ts'
import { newId } from '../platform/ids.ts'
import { keyName } from '../platform/records/records.ts'
import { rerunAborted, type Work } from '../platform/store/work.ts'
import type { Shop } from '../shop.ts'

export type HistoryCounts = Readonly<{
  lines: number
  acceptedLines: number
  rejectedLines: number
  /** Added by this run, and what they came to when they were placed. */
  orders: number
  alreadyImported: number
  cancellationLines: number
  cancellationLinesMatched: number
  totalMinor: number
  productsAdded: number
}>
export type HistoryImported = Readonly<{ counts: HistoryCounts; rejected: readonly RejectedRow[]; warnings: readonly string[] }>
export type HistoryProgress = Readonly<{ step: 'reading' | 'importing'; done: number; all?: number | undefined }>
export type OnHistoryProgress = (progress: HistoryProgress) => void

const origin = { actor: 'import', cause: 'file' }
const dataFolder = join(import.meta.dirname, '..', '..', 'data')
/** A transaction of a tenth of a second: readers of the journal wait for the oldest open one. Larger ones are no faster. */
const batchMax = { orders: 200, lines: 3_000 }
