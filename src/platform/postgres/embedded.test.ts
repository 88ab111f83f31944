import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { processStart } from './embedded-members.ts'
import { embeddedProblem, startEmbedded, type EmbeddedConnection } from './embedded.ts'

let folder = ''
const said: string[] = []
const say = (line: string): unknown => said.push(line)
const start = (kind: 'server' | 'cli', dataFolder = join(folder, 'data')) =>
  startEmbedded({ dataFolder, kind, say, unsafeForTests: true })

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-embedded-'))
  chmodSync(folder, 0o755)
})
after(() => rmSync(folder, { recursive: true, force: true }))

const ask = async (connection: EmbeddedConnection, sql: string): Promise<readonly unknown[]> => {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return rows
  } finally {
    await client.end()
  }
}

/** A zombie has ended: where a container's first process does not collect orphans, they stay listed. */
const isAlive = (pid: number): boolean => processStart(pid) !== undefined

const postmasterPid = (dataFolder = join(folder, 'data')): number =>
  Number(readFileSync(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])

const assertNothingLeft = (pid: number, dataFolder = join(folder, 'data')): void => {
  assert.equal(isAlive(pid), false, 'PostgreSQL still runs')
  assert.equal(existsSync(join(dataFolder, 'postgres', 'postmaster.pid')), false)
  assert.equal(existsSync(join(dataFolder, 'owner.pid')), false)
  assert.equal(existsSync(join(dataFolder, 'starting.lock')), false)
  assert.deepEqual(readdirSync(join(dataFolder, 'joined')), [])
}

/** Another process that uses the same data folder: says `ready`, and leaves in order when its input ends. */
const otherProcess = async (kind: 'server' | 'cli'): Promise<ChildProcess> => {
  const program = `
    import { startEmbedded } from ${JSON.stringify(import.meta.resolve('./embedded.ts'))}
    const options = { dataFolder: ${JSON.stringify(join(folder, 'data'))}, kind: '${kind}', say: () => {}, unsafeForTests: true }
    const { stop } = await startEmbedded(options)
    process.stdin.on('end', () => stop())
    process.stdin.resume()
    process.stdout.write('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the other process ended before it was ready')))
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => undefined)
  return child
}

const endInOrder = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, 'exit')
  child.stdin?.end()
  await exited
}

const killHard = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

describe('The embedded PostgreSQL', () => {
  it('is made on the first start, and says so', async () => {
    const { connection, fresh, stop } = await start('server')
    assert.equal(fresh, true)
    assert.match(said.join('\n'), /making a database in/)
    const [settings] = await ask(
      connection,
      `select current_database() as database, current_setting('listen_addresses') as tcp, lower('ŻÓŁĆ') as lower`,
    )
    assert.deepEqual(settings, { database: 'waybill', tcp: '', lower: 'żółć' })
    await ask(connection, 'create table kept (n int)')
    const pid = postmasterPid()
    await stop()
    assertNothingLeft(pid)
    assert.equal(existsSync(connection.host), false, 'the folder of the socket is still there')
  })

  it('keeps its rows over a restart', async () => {
    const { connection, fresh, stop } = await start('server')
    assert.equal(fresh, false)
    assert.deepEqual(await ask(connection, 'select * from kept'), [])
    await stop()
    await stop()
  })

  it('gets its database where a first start was killed before it had one, whatever else is there', async () => {
    const withDatabases = async (...names: readonly string[]): Promise<void> => {
      const { connection, stop } = await start('server')
      for (const name of names) await ask({ ...connection, database: 'template1' }, `create database ${name}`)
      await ask({ ...connection, database: 'template1' }, 'alter database waybill rename to before')
      await stop()
      const again = await start('server')
      const rows = await ask(again.connection, `select datname as name from pg_database where not datistemplate order by 1`)
      assert.deepEqual(rows, [{ name: 'before' }, { name: 'waybill' }])
      await ask({ ...connection, database: 'template1' }, 'drop database waybill')
      await ask({ ...connection, database: 'template1' }, 'alter database before rename to waybill')
      await again.stop()
    }
    await withDatabases('postgres')
    await withDatabases()
  })

  it('is stopped and started again where a killed owner left it running', async () => {
    const owner = await otherProcess('server')
    const orphan = postmasterPid()
    await killHard(owner)
    assert.equal(isAlive(orphan), true)
    const { connection, stop } = await start('server')
    assert.notEqual(postmasterPid(), orphan)
    assert.equal(isAlive(orphan), false)
    assert.match(said.at(-1) ?? '', /that a killed process left behind/)
    assert.deepEqual(await ask(connection, 'select * from kept'), [])
    await stop()
  })

  it('starts where the pid file of a crashed machine names a living process of another kind', async () => {
    writeFileSync(join(folder, 'data', 'postgres', 'postmaster.pid'), `${process.pid}\n`)
    const { stop } = await start('server')
    await stop()
  })

  it('is joined where its owner lives, and goes on when the one that joined leaves', async () => {
    const owner = await otherProcess('server')
    const pid = postmasterPid()
    const joined = await start('cli')
    assert.equal(postmasterPid(), pid)
    assert.deepEqual(await ask(joined.connection, 'select * from kept'), [])
    await joined.stop()
    assert.equal(isAlive(pid), true)
    await endInOrder(owner)
    assertNothingLeft(pid)
  })

  it('goes on for those who joined when its owner leaves, or is killed; the last one stops it', async () => {
    const owner = await otherProcess('server')
    const pid = postmasterPid()
    const second = await otherProcess('server')
    const third = await start('cli')
    await endInOrder(owner)
    assert.equal(isAlive(pid), true)
    await killHard(second)
    assert.deepEqual(await ask(third.connection, 'select * from kept'), [])
    const fourth = await start('cli')
    assert.equal(postmasterPid(), pid)
    await third.stop()
    assert.equal(isAlive(pid), true)
    await fourth.stop()
    assertNothingLeft(pid)
  })

  it('lets a server wait, and say so, while a command owns it', async () => {
    const command = await otherProcess('cli')
    const pid = postmasterPid()
    const waits = Promise.withResolvers<string>()
    const server = startEmbedded({ dataFolder: join(folder, 'data'), kind: 'server', say: waits.resolve, unsafeForTests: true })
    assert.match(await waits.promise, new RegExp(`process ${command.pid}\\) is using the database`))
    assert.equal(postmasterPid(), pid)
    await endInOrder(command)
    const { stop } = await server
    assert.notEqual(postmasterPid(), pid)
    await stop()
  })

  it('is started once by several that come at the same time, over what a killed start left half made', async () => {
    const dataFolder = join(folder, 'together')
    mkdirSync(join(dataFolder, 'postgres.new'), { recursive: true })
    writeFileSync(join(dataFolder, 'postgres.new', 'PG_VERSION'), '18\n')
    const all = await Promise.all(Array.from({ length: 4 }, () => start('server', dataFolder)))
    assert.equal(all.filter(({ fresh }) => fresh).length, 1)
    const pid = postmasterPid(dataFolder)
    await Promise.all(all.map(({ stop }) => stop()))
    assertNothingLeft(pid, dataFolder)
  })

  const notRoot = process.getuid?.() === 0 ? false : 'only root runs PostgreSQL as another user'
  it('lives outside a folder that its user may not enter, and is found there again', { skip: notRoot }, async () => {
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const dataFolder = join(closed, '.waybill')
    const first = await start('server', dataFolder)
    const home = readFileSync(join(dataFolder, 'elsewhere'), 'utf8').trim()
    try {
      assert.match(said.at(-2) ?? '', /is closed to the user that runs PostgreSQL: the database lives in/)
      assert.equal(existsSync(join(dataFolder, 'postgres')), false)
      await ask(first.connection, 'create table kept (n int)')
      await first.stop()
      chmodSync(closed, 0o755)
      const second = await start('server', dataFolder)
      assert.equal(second.fresh, false)
      assert.deepEqual(await ask(second.connection, 'select * from kept'), [])
      await second.stop()
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })

  it('is refused with advice where there is none for the system', () => {
    assert.equal(embeddedProblem(), undefined)
    assert.match(embeddedProblem({ platform: 'linux', arch: 'x64', isMusl: true }) ?? '', /musl.*DATABASE_URL/)
    assert.match(embeddedProblem({ platform: 'sunos', arch: 'x64', isMusl: false }) ?? '', /sunos-x64.*DATABASE_URL/)
  })
})
