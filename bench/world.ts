/**
 * What a case runs against: an embedded PostgreSQL of its own with a stocked catalogue, and server processes on
 * 127.0.0.1. Everything it started is stopped by `close`, and its folder is gone.
 */
import type { ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { type Configuration, readConfiguration } from '../src/platform/config/config.ts'
import { silentLog } from '../src/platform/log.ts'
import { type EmbeddedConnection, startEmbedded } from '../src/platform/postgres/embedded.ts'
import { openShop, type Shop } from '../src/shop.ts'
import { urlOf } from '../tests/support/database.ts'
import { endChild, startChild } from './children.ts'
import { rememberPostgres } from './machine.ts'
import { postmasterOf } from './processes.ts'
import { seed, type Seed } from './seed.ts'

export const ownerKey = 'owner-key-for-the-benchmark'

export type Served = Readonly<{ url: string; pid: number; stop: (signal?: NodeJS.Signals) => Promise<void> }>

export interface World {
  readonly folder: string
  readonly connection: EmbeddedConnection
  /** Process id of the postmaster: `cpuSeconds` of it counts every backend. */
  readonly postmaster: number
  /** A connection of the benchmark's own. */
  readonly client: pg.Client
  readonly configuration: Configuration
  readonly environment: Readonly<Record<string, string>>
  /** The shop in this process, without HTTP. */
  shop(): Promise<Shop>
  waybill(environment?: Readonly<Record<string, string>>): Promise<Served>
  serve(file: string, args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Served>
  /** Events that the reaction which is furthest behind has still to take. */
  lagEvents(): Promise<number>
  /** The same of every reaction that is behind at all. */
  lags(): Promise<ReadonlyMap<string, number>>
  /** Whether no reaction and no task, in whichever process, has anything left to do now. */
  isQuiet(): Promise<boolean>
  /** @param keep the folder, for another world in it. */
  close(keep?: 'folder'): Promise<void>
}

const srcFolder = join(import.meta.dirname, '..', 'src')
/** A server that has not said its address by then will not. */
const startMaxMs = 60_000

/** Waits for the line that names the child's address. */
export const listening = (child: ChildProcess, file: string): Promise<Served> =>
  new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${file} did not listen within ${startMaxMs / 1_000} s: ${output}`))
    }, startMaxMs)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const url = /(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve({ url, pid: child.pid ?? 0, stop: (signal) => endChild(child, signal) })
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${file} ended with ${code}: ${output}`))
    })
  })

/** For a server that must come back where it was. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })

const open = new Set<World>()
/** For the end that nobody expected. */
export const closeWorlds = async (): Promise<void> => {
  for (const world of open) await world.close()
}

/** @param fill gives the shop a history; then PostgreSQL is started again, and sets itself by what is there. */
export const openWorld = async (asked: Seed, fill?: (world: World) => Promise<unknown>): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
  // Run as root, PostgreSQL gets a user of its own, who must be able to enter.
  chmodSync(folder, 0o755)
  const first = await worldIn(folder, asked)
  if (fill === undefined) return first
  try {
    await fill(first)
  } catch (fault) {
    await first.close()
    throw fault
  }
  await first.close('folder')
  return worldIn(folder, undefined)
}

const worldIn = async (folder: string, asked: Seed | undefined): Promise<World> => {
  const closers: (() => Promise<unknown>)[] = []
  try {
    // A member of this process's own: PostgreSQL outlives every server of the case.
    const embedded = await startEmbedded({ dataFolder: folder, kind: 'server', say: () => undefined })
    closers.push(embedded.stop)
    const world = await furnished(folder, embedded.connection, asked, closers)
    open.add(world)
    return world
  } catch (fault) {
    await closeAll(closers)
    remove(folder)
    throw fault
  }
}

const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true })

const closeAll = async (closers: (() => Promise<unknown>)[]): Promise<void> => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
}

const furnished = async (
  folder: string,
  connection: EmbeddedConnection,
  asked: Seed | undefined,
  closers: (() => Promise<unknown>)[],
): Promise<World> => {
  const environment = {
    DATABASE_URL: urlOf(connection),
    PORT: '0',
    WAYBILL_OWNER_KEY: ownerKey,
    WAYBILL_DEMO: 'off',
    WAYBILL_LOG_LEVEL: 'error',
  }
  const configuration = readConfiguration(environment)
  if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
  const shop = (): Promise<Shop> =>
    openShop({ connection, configuration, log: silentLog, environment, baseUrl: () => 'http://127.0.0.1' })
  // Never started: it seeds, and later only looks how far the reactions of others have come.
  const watcher = await shop()
  closers.push(watcher.close)
  const client = await watcher.database.client()
  closers.push(() => client.end())
  await rememberPostgres(client)
  if (asked !== undefined) await seed(watcher, client, asked)
  const serve: World['serve'] = async (file, args, more = {}) => {
    const served = await listening(startChild(process.execPath, [file, ...args], more), file)
    closers.push(served.stop)
    return served
  }
  const lags = (): Promise<ReadonlyMap<string, number>> => lagsOf(watcher, client)
  const world: World = {
    folder,
    connection,
    postmaster: postmasterOf(folder),
    client,
    configuration,
    environment,
    shop,
    serve,
    waybill: (more = {}) => serve(join(srcFolder, 'main.ts'), [], { ...environment, ...more }),
    lags,
    lagEvents: async () => Math.max(0, ...(await lags()).values()),
    isQuiet: async () => (await watcher.consumers.caughtUp()) && (await watcher.tasks.quiet()),
    close: async (keep) => {
      open.delete(world)
      await closeAll(closers)
      if (keep === undefined) remove(folder)
    },
  }
  return world
}

/** Events from the end of the journal that are counted: to count further back every second took a sixth of a processor. */
const countedMax = 20_000

/**
 * Counted by type: a reaction's stored position stays behind what it does not want to hear of. From a number, not from a
 * subquery, whose size is guessed: with a million orders the whole journal was read for it.
 */
const lagsOf = async ({ reactions }: Shop, client: pg.Client): Promise<ReadonlyMap<string, number>> => {
  const pairs = reactions.flatMap(({ name, on }) => on.map((type) => ({ name, type })))
  const newest = await client.query<{ position: number }>('select max(position) as position from platform.journal')
  const { rows } = await client.query<{ name: string; events: number }>(
    `with newest as materialized (select position, type from platform.journal where position > $3::bigint)
     select r.name, count(*)::int as events from unnest($1::text[], $2::text[]) as r (name, type)
       join platform.consumers c on c.name = r.name join newest j on j.type = r.type and j.position > c.position
      group by r.name`,
    [pairs.map(({ name }) => name), pairs.map(({ type }) => type), (newest.rows[0]?.position ?? 0) - countedMax],
  )
  return new Map(rows.map(({ name, events }) => [name, events]))
}
