/**
 * Forward-only migrations: each room brings its own SQL files, in order, and what was applied is remembered with its
 * checksum. Old and new versions run side by side (expand, then contract), so nothing here ever goes back.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export type MigrationFolder = Readonly<{ room: string; folder: string }>
/** As much of a `pg.Client` as is needed. It must be one connection, not a pool: the lock belongs to the session. */
export type MigrationClient = Readonly<{
  query: (text: string, values?: unknown[]) => Promise<Readonly<{ rows: readonly Record<string, unknown>[] }>>
}>
type Migration = Readonly<{ room: string; name: string; sql: string; checksum: string }>

const oldestServer = 150_000
/** Any number will do as long as it never changes: the lock on which instances that start together queue up. */
const advisoryLock = 5_248_209_341
/** A migration that waits for a lock makes all later statements wait behind it: give up soon, come again (STYLE §4.12). */
const lockTimeoutMs = 300
const attemptsMax = 12
const lockPollMs = 50
const backoffFirstMs = 100
const backoffMostMs = 5_000
const lockNotAvailable = '55P03'
const noTransactionMark = '-- no transaction'

/** Applies what is not applied yet, room by room in the order given. Returns how many files that were. */
export const migrate = async (
  client: MigrationClient,
  folders: readonly MigrationFolder[],
  say: (line: string) => void,
): Promise<number> => {
  const migrations = folders.flatMap(readMigrations)
  await refuseOldServer(client)
  await lockOut(client)
  try {
    const applied = await readApplied(client)
    const missing = migrations.filter((migration) => !isApplied(migration, applied))
    for (const migration of missing) {
      say(`migrating ${migration.room}: ${migration.name}`)
      await applyPatiently(client, migration, say)
    }
    return missing.length
  } finally {
    await client.query('select pg_advisory_unlock($1)', [advisoryLock])
  }
}

/** Asked for again and again: a session that waits inside a statement keeps a snapshot, on which `create index concurrently` waits. */
const lockOut = async (client: MigrationClient): Promise<void> => {
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1) as locked', [advisoryLock])
    if (rows[0]?.['locked'] === true) return
    await wait(lockPollMs)
  }
}

const readMigrations = ({ room, folder }: MigrationFolder): Migration[] => {
  if (!existsSync(folder)) throw new Error(`the migrations of ${room} are missing: there is no folder ${folder}`)
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  names.forEach((name, index) => {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]
    if (number === undefined) throw new Error(`${folder}/${name} must be named like 0001_what.sql`)
    if (Number(number) !== index + 1)
      throw new Error(`${folder}/${name}: expected number ${index + 1}; numbers start at 1, without gaps or doubles`)
  })
  return names.map((name) => {
    // A checkout on Windows may turn line ends around; the migration is the same.
    const sql = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
    return { room, name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
}

const refuseOldServer = async (client: MigrationClient): Promise<void> => {
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version`,
  )
  const { number, version } = rows[0] ?? {}
  if (Number(number) < oldestServer)
    throw new Error(
      `this PostgreSQL is ${String(version)}, and Waybill needs 15 or newer: upgrade it, or leave DATABASE_URL out to use the embedded one`,
    )
}

const readApplied = async (client: MigrationClient): Promise<ReadonlyMap<string, string>> => {
  await client.query('create schema if not exists platform')
  await client.query(
    `create table if not exists platform.migrations (
       room text not null, name text not null, checksum text not null, at timestamptz not null default now(),
       primary key (room, name)
     )`,
  )
  const { rows } = await client.query('select room, name, checksum from platform.migrations')
  return new Map(rows.map((row) => [`${String(row['room'])}/${String(row['name'])}`, String(row['checksum'])]))
}

const isApplied = ({ room, name, checksum }: Migration, applied: ReadonlyMap<string, string>): boolean => {
  const known = applied.get(`${room}/${name}`)
  if (known !== undefined && known !== checksum) {
    throw new Error(
      `the migration ${room}/${name} was changed after it was applied to this database: restore the file, and put the change into a new one`,
    )
  }
  return known !== undefined
}

const applyPatiently = async (client: MigrationClient, migration: Migration, say: (line: string) => void): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await apply(client, migration)
      return
    } catch (error) {
      const where = `${migration.room}/${migration.name}`
      if (!isLockNotAvailable(error)) throw new Error(`the migration ${where} failed: ${String(error)}`, { cause: error })
      if (attempt === attemptsMax)
        throw new Error(
          `the migration ${where} got no lock in ${attemptsMax} attempts: try again when fewer transactions are open`,
          { cause: error },
        )
      say(`${where} waits for a lock (attempt ${attempt} of ${attemptsMax})`)
      await wait(Math.min(backoffFirstMs * 2 ** (attempt - 1), backoffMostMs))
    }
  }
}

const apply = async (client: MigrationClient, { room, name, sql, checksum }: Migration): Promise<void> => {
  const remember = () =>
    client.query('insert into platform.migrations (room, name, checksum) values ($1, $2, $3)', [room, name, checksum])
  if (sql.startsWith(noTransactionMark)) {
    // Such a file (create index concurrently) may be killed half way: it must be one statement, and safe to run again.
    await client.query(sql)
    await remember()
    return
  }
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = '${lockTimeoutMs}ms'`)
    await client.query(sql)
    await remember()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

const isLockNotAvailable = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === lockNotAvailable
