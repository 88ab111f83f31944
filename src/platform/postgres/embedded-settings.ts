/** How the embedded PostgreSQL is set: what differs from its defaults, and why. */
import { readdirSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'

const safeSettings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  // Nothing here reads from disk in bulk or replicates: these processes would only sit in memory.
  io_method: 'sync',
  max_logical_replication_workers: '0',
}
/** Tests lose nothing that matters when the machine dies; many files share one server. */
const testSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }
const sharedSettings = {
  // Few and late checkpoints: bursts of orders write much log, and a small limit would checkpoint in the middle of them.
  max_wal_size: '2GB',
  // Our statements are many and short: compiling them costs more than it saves.
  jit: 'off',
  log_min_messages: 'warning',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

const mebibyte = 1_048_576
/**
 * With a million orders of history placing writes to pages of indexes that 128 MB no longer hold. A quarter of the data is what is met
 * again and again; an eighth of the memory is half of what PostgreSQL's documentation advises for a machine of its own,
 * which this one shares with Node. Each GB costs 25 MB at the start, whether it is ever filled or not: a small shop stays small.
 */
const buffers = { shareOfData: 1 / 4, shareOfMemory: 1 / 8, leastMb: 128, mostMb: 8_192 } as const

/** Megabytes of PostgreSQL's shared buffers. */
export const sharedBuffersMb = (dataBytes: number, memoryBytes: number): number => {
  const { shareOfData, shareOfMemory, leastMb, mostMb } = buffers
  const wanted = Math.floor(Math.min(dataBytes * shareOfData, memoryBytes * shareOfMemory) / mebibyte)
  return Math.min(mostMb, Math.max(leastMb, wanted))
}

/** What a cluster's databases take on the disk. */
const bytesOf = (data: string): number =>
  readdirSync(join(data, 'base'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0), 0)

/** This machine's memory, or what a container lets its processes have of it. */
const memoryBytes = (): number => {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** @param data the folder of a cluster that was made and does not run. */
export const clusterSettings = (data: string, isForTests: boolean): Readonly<Record<string, string>> => ({
  ...sharedSettings,
  ...(isForTests ? testSettings : safeSettings),
  shared_buffers: `${sharedBuffersMb(bytesOf(data), memoryBytes())}MB`,
})
