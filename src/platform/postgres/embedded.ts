/**
 * The embedded PostgreSQL: `npm start` on a machine without any database. One cluster in the data folder, started by
 * whoever comes first, joined by whoever comes later, stopped by whoever leaves last.
 *
 * The rules (STACK §0.4): a living owner is joined, never killed; what a killed owner left running is stopped and started
 * again; a server that finds a command line tool as owner waits for it, because tools come and go.
 */
import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { canEnter, embeddedProblem, homeFor, makeFolder, nativeFolder, runAsFor } from './embedded-binaries.ts'
import {
  addMember,
  alone,
  isSame,
  livingMembers,
  livingOwner,
  newMember,
  removeMember,
  setOwner,
  type Member,
  type MemberKind,
} from './embedded-members.ts'
import {
  clearSocketFolder,
  clusterUser,
  initialise,
  isInitialised,
  passwordOf,
  runningPostgres,
  startPostgres,
  stopPostgres,
  type Cluster,
  type Listening,
} from './embedded-process.ts'

export { embeddedProblem }

export type EmbeddedConnection = Readonly<{ host: string; port: number; user: string; password: string; database: string }>
export type EmbeddedOptions = Readonly<{
  /** Made when missing. */
  dataFolder: string
  kind: MemberKind
  say: (line: string) => void
  /** Faster and not durable: nothing is flushed to disk. */
  unsafeForTests?: boolean
}>
export type Embedded = Readonly<{
  connection: EmbeddedConnection
  /** True when the cluster was made just now. */
  fresh: boolean
  /** Leaves; stops PostgreSQL when nobody else uses it. Close your own connections first. Twice is once. */
  stop: () => Promise<void>
}>

const databaseName = 'waybill'
const ownerPollMs = 250

/** Starts the cluster in the data folder, or joins it where it runs. */
export const startEmbedded = async (options: EmbeddedOptions): Promise<Embedded> => {
  const problem = embeddedProblem()
  if (problem !== undefined) throw new Error(problem)
  const cluster = prepareCluster(options)
  const member = newMember(options.kind)
  let toldOf: number | undefined
  for (;;) {
    const entered = await alone(cluster.home, options.say, () => enter(cluster, member, options.say))
    if ('listening' in entered) return embedded(cluster, member, entered, options.say)
    if (toldOf !== entered.waitFor.pid) {
      options.say(`a waybill command (process ${entered.waitFor.pid}) is using the database; starting as soon as it is done`)
      toldOf = entered.waitFor.pid
    }
    await wait(ownerPollMs)
  }
}

type Entered = Readonly<{ listening: Listening; fresh: boolean }>

const prepareCluster = ({ dataFolder, say, unsafeForTests: isForTests = false }: EmbeddedOptions): Cluster => {
  makeFolder(dataFolder)
  const { home, moved } = homeFor(realpathSync(dataFolder), isForTests)
  makeFolder(home)
  const data = join(home, 'postgres')
  const runAs = runAsFor(data)
  if (moved) {
    if (!existsSync(join(dataFolder, 'elsewhere'))) writeFileSync(join(dataFolder, 'elsewhere'), `${home}\n`)
    if (!canEnter(home, runAs)) throw new Error(`the user ${runAs.uid} that runs PostgreSQL may not enter ${home}`)
    say(`${dataFolder} is closed to the user that runs PostgreSQL: the database lives in ${home}`)
  }
  return { home, data, native: nativeFolder(runAs, isForTests, say), runAs, isForTests }
}

const enter = async (cluster: Cluster, member: Member, say: (line: string) => void): Promise<Entered | { waitFor: Member }> => {
  const others = livingMembers(cluster.home)
  const running = runningPostgres(cluster.data)
  if (running !== undefined && others.length > 0) {
    // An owner that was killed while others are joined is succeeded by one of them.
    const owner = livingOwner(cluster.home) ?? heirOf(others)
    if (member.kind === 'server' && owner?.kind === 'cli') return { waitFor: owner }
    if (running.listening === undefined)
      throw new Error(`PostgreSQL (process ${running.pid}) runs but takes no connections; see ${cluster.home}/postgres.log`)
    setOwner(cluster.home, owner)
    addMember(cluster.home, member)
    return { listening: running.listening, fresh: false }
  }
  if (running !== undefined) {
    say(`stopping the PostgreSQL (process ${running.pid}) that a killed process left behind`)
    await stopPostgres(cluster)
  }
  return start(cluster, member, say)
}

const start = async (cluster: Cluster, member: Member, say: (line: string) => void): Promise<Entered> => {
  const fresh = !isInitialised(cluster.data)
  if (fresh) {
    say(`making a database in ${cluster.data}`)
    await initialise(cluster)
  }
  addMember(cluster.home, member)
  setOwner(cluster.home, member)
  try {
    const listening = await startPostgres(cluster)
    // Every time, not only when fresh: a first start may have been killed in between.
    await makeDatabase(connectionTo(cluster, listening, 'template1'))
    return { listening, fresh }
  } catch (error) {
    await stopPostgres(cluster)
    removeMember(cluster.home, member)
    setOwner(cluster.home, undefined)
    throw error
  }
}

const embedded = (cluster: Cluster, member: Member, { listening, fresh }: Entered, say: (line: string) => void): Embedded => {
  let stopped: Promise<void> | undefined
  return {
    connection: connectionTo(cluster, listening, databaseName),
    fresh,
    stop: () => {
      stopped ??= alone(cluster.home, say, () => leave(cluster, member, listening))
      return stopped
    },
  }
}

const leave = async (cluster: Cluster, member: Member, listening: Listening): Promise<void> => {
  removeMember(cluster.home, member)
  const others = livingMembers(cluster.home)
  if (others.length === 0) {
    await stopPostgres(cluster)
    clearSocketFolder(listening)
    setOwner(cluster.home, undefined)
    return
  }
  const owner = livingOwner(cluster.home)
  if (owner === undefined || isSame(member, owner)) setOwner(cluster.home, heirOf(others))
}

/** A server before a tool: it stays longer. */
const heirOf = (others: readonly Member[]): Member | undefined => others.find(({ kind }) => kind === 'server') ?? others[0]

const connectionTo = (cluster: Cluster, { host, port }: Listening, database: string): EmbeddedConnection => ({
  host,
  port,
  user: clusterUser,
  password: passwordOf(cluster.home),
  database,
})

/** The database that every new cluster comes with gets our name: copying a template takes a third of a second of a first start. */
const makeDatabase = async (connection: EmbeddedConnection): Promise<void> => {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>('select datname as name from pg_database')
    const has = (database: string): boolean => rows.some(({ name }) => name === database)
    if (has(databaseName)) return
    await client.query(has('postgres') ? `alter database postgres rename to ${databaseName}` : `create database ${databaseName}`)
  } finally {
    await client.end()
  }
}
