/**
 * A fresh, empty database for a test file. `npm test` starts one cluster for the whole run and names it in
 * `WAYBILL_TEST_DATABASE`; a file that runs alone (`node --test FILE`) starts one of its own and stops it at the end.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded, type EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'

export type TestDatabase = Readonly<{
  /** What `pg.Pool` and `pg.Client` take. */
  config: EmbeddedConnection
  /** The same as a connection string, as DATABASE_URL takes it. */
  url: string
  /** Drops it, whoever is still connected. */
  drop: () => Promise<void>
}>

export type TestCluster = Readonly<{ connection: EmbeddedConnection; stop: () => Promise<void> }>

export const testDatabase = async (): Promise<TestDatabase> => {
  const cluster = await clusterOfThisRun()
  const database = `test_${randomBytes(8).toString('hex')}`
  await administer(cluster, `create database ${database}`)
  const config = { ...cluster, database }
  return { config, url: urlOf(config), drop: () => administer(cluster, `drop database if exists ${database} with (force)`) }
}

/** A cluster in a temporary folder, without any promise of durability; `stop` removes it. */
export const startTestCluster = async (): Promise<TestCluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-test-'))
  // PostgreSQL runs as another user when we are root, and has to enter.
  chmodSync(folder, 0o755)
  const say = (): void => undefined
  const { connection, stop } = await startEmbedded({ dataFolder: folder, kind: 'server', say, unsafeForTests: true })
  return {
    connection,
    stop: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const urlOf = ({ host, port, user, password, database }: EmbeddedConnection): string => {
  const query = new URLSearchParams({ host, port: String(port) })
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost/${database}?${query.toString()}`
}

let privateCluster: Promise<EmbeddedConnection> | undefined

const clusterOfThisRun = async (): Promise<EmbeddedConnection> => {
  const given = process.env['WAYBILL_TEST_DATABASE']
  if (given !== undefined) return connectionFrom(given)
  privateCluster ??= startTestCluster().then(({ connection, stop }) => {
    // The loop is empty only when all tests are done; stopping here works whatever hooks the file has.
    process.once('beforeExit', () => {
      stop().catch((error: unknown) => {
        process.exitCode = 1
        process.stderr.write(`could not stop the test cluster: ${String(error)}\n`)
      })
    })
    return connection
  })
  return privateCluster
}

const connectionFrom = (json: string): EmbeddedConnection => {
  const value: unknown = JSON.parse(json)
  if (!isConnection(value)) throw new Error(`WAYBILL_TEST_DATABASE must be JSON of {host, port, user, password, database}: ${json}`)
  return value
}

const isConnection = (value: unknown): value is EmbeddedConnection =>
  typeof value === 'object' &&
  value !== null &&
  'host' in value &&
  typeof value.host === 'string' &&
  'port' in value &&
  typeof value.port === 'number' &&
  'user' in value &&
  typeof value.user === 'string' &&
  'password' in value &&
  typeof value.password === 'string' &&
  'database' in value &&
  typeof value.database === 'string'

const administer = async (connection: EmbeddedConnection, statement: string): Promise<void> => {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
