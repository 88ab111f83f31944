/** The PostgreSQL process itself: made, started, found again, stopped. Nothing here knows who uses it. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { binary, canEnter, shortHash, type RunAs } from './embedded-binaries.ts'
import { hasCode, isAlive, processStart, readOrUndefined } from './embedded-members.ts'
import { clusterSettings } from './embedded-settings.ts'

const runFile = promisify(execFile)

export const clusterUser = 'waybill'

/** A cluster's place, and as whom it runs with which binaries. */
export type Cluster = Readonly<{ home: string; data: string; native: string; runAs: RunAs; isForTests: boolean }>

/** Where a running PostgreSQL listens: the folder of its socket (an address on Windows), and a port. */
export type Listening = Readonly<{ host: string; port: number }>

const pollMs = 20
/** Crash recovery of a large log is the longest start; nothing shorter may be taken for a failure. */
const startMaxMs = 300_000
/** A fast stop writes a checkpoint first; measured 25 to 75 ms, minutes only on a very slow disk. */
const stopMaxMs = 120_000
const startAttemptsMax = 40
const startAgainMs = 250
const logBytesMax = 10_000_000
const socketPort = 5432
/** Socket paths end at 107 bytes; `/.s.PGSQL.5432` and its lock file need 20 of them. */
const socketFolderBytesMax = 87

/** Makes the cluster beside its final place, so that a half-made one is never taken for data. */
export const initialise = async (cluster: Cluster): Promise<void> => {
  const fresh = `${cluster.data}.new`
  const passwordFile = join(cluster.home, 'password.initdb')
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  giveTo(fresh, cluster.runAs)
  writeFileSync(join(cluster.home, 'password'), randomBytes(24).toString('hex'), { mode: 0o600 })
  try {
    writeFileSync(passwordFile, passwordOf(cluster.home), { mode: 0o600 })
    giveTo(passwordFile, cluster.runAs)
    // Beside the rest of a start: it takes a second or two, in which everything else can be loaded.
    await runFile(
      binary(cluster.native, 'initdb'),
      [
        '-D',
        fresh,
        '-U',
        clusterUser,
        '-A',
        'scram-sha-256',
        '--pwfile',
        passwordFile,
        '--encoding=UTF8',
        // Not ICU: its old library would bind the order of every index to one version of it (STACK §1).
        '--locale-provider=builtin',
        '--locale=C.UTF-8',
        '--no-instructions',
        ...(cluster.isForTests ? ['--no-sync'] : []),
      ],
      { ...cluster.runAs, cwd: homeDirectory(cluster), env: quietEnvironment() },
    ).catch((fault: Readonly<{ message: string; stdout?: string; stderr?: string }>) => {
      const said = `${fault.stdout ?? ''}${fault.stderr ?? ''}`.trim()
      throw new Error(`initdb failed in ${fresh}: ${said === '' ? fault.message : said}`, { cause: fault })
    })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(fresh, cluster.data)
}

export const isInitialised = (data: string): boolean => existsSync(join(data, 'PG_VERSION'))

export const passwordOf = (home: string): string => readFileSync(join(home, 'password'), 'utf8').trim()

/** Starts PostgreSQL on its own, away from our terminal, and waits until it takes connections. */
export const startPostgres = async (cluster: Cluster): Promise<Listening> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(cluster)
    } catch (error) {
      // The children of a killed PostgreSQL notice its death and go, but not at once.
      const isLeaving = error instanceof Error && error.message.includes('shared memory block')
      if (!isLeaving || attempt === startAttemptsMax) throw error
      await wait(startAgainMs)
    }
  }
}

const startOnce = async (cluster: Cluster): Promise<Listening> => {
  clearForeignPidFile(cluster.data)
  const port = process.platform === 'win32' ? await freePort() : socketPort
  const place = process.platform === 'win32' ? '127.0.0.1' : socketFolder(cluster)
  if (process.platform !== 'win32') await stopDispossessed(join(place, `.s.PGSQL.${port}.lock`), cluster.data)
  const settings = {
    ...clusterSettings(cluster.data, cluster.isForTests),
    port: String(port),
    // The libraries are old (OpenSSL 1.1): where there are sockets nothing may come in from a network.
    ...(process.platform === 'win32'
      ? { listen_addresses: place }
      : { listen_addresses: '', unix_socket_directories: place, unix_socket_permissions: '0700' }),
  }
  const logFile = join(cluster.home, 'postgres.log')
  const logStart = startLog(logFile)
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(
    binary(cluster.native, 'postgres'),
    ['-D', cluster.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Detached: a Ctrl-C in the terminal must not reach PostgreSQL before the rooms have drained.
    { ...cluster.runAs, cwd: homeDirectory(cluster), env: quietEnvironment(), stdio: ['ignore', log, log], detached: true },
  )
  closeSync(log)
  const ended: { why?: string } = {}
  child.once('error', (error) => Object.assign(ended, { why: error.message }))
  child.once('exit', (code, signal) => Object.assign(ended, { why: `it ended with ${code ?? signal}` }))
  child.unref()
  for (let waitedMs = 0; waitedMs < startMaxMs; waitedMs += pollMs) {
    const status = readPidFile(cluster.data)
    if (status !== undefined && status.pid === child.pid && status.listening !== undefined) return status.listening
    if (ended.why !== undefined) {
      const words = readFileSync(logFile, 'utf8').slice(logStart).trim()
      throw new Error(`PostgreSQL did not start: ${ended.why}. Its log (${logFile}) says:\n${words.slice(-2000)}`)
    }
    await wait(pollMs)
  }
  throw new Error(`PostgreSQL was not ready after ${startMaxMs / 1000} s; see ${logFile}`)
}

/** The process that runs on this data and where it listens, if it lives; told apart from others that took over its id. */
export const runningPostgres = (data: string): Readonly<{ pid: number; listening: Listening | undefined }> | undefined => {
  const status = readPidFile(data)
  return status !== undefined && isPostgresOf(status.pid, data) ? status : undefined
}

/** A fast stop: open transactions are rolled back, clients are told. SIGTERM would wait for every client instead. */
export const stopPostgres = async (cluster: Pick<Cluster, 'data' | 'native'>): Promise<void> => {
  const running = runningPostgres(cluster.data)
  if (running === undefined) return
  const started = processStart(running.pid)
  // Not by its program's name and folder: an ending process loses these some milliseconds before it is gone.
  const isRunning = (): boolean => started !== undefined && processStart(running.pid) === started
  if (process.platform === 'win32') {
    spawnSync(binary(cluster.native, 'pg_ctl'), ['stop', '-D', cluster.data, '-m', 'fast', '-W'], { stdio: 'ignore' })
  } else {
    process.kill(running.pid, 'SIGINT')
  }
  for (let waitedMs = 0; waitedMs < stopMaxMs; waitedMs += pollMs) {
    // Both: the file goes shortly before the process does, and a next start would meet the last breath of this one.
    if (readPidFile(cluster.data)?.pid !== running.pid && !isRunning()) return
    await wait(pollMs)
  }
  throw new Error(`PostgreSQL (process ${running.pid}) did not stop within ${stopMaxMs / 1000} s`)
}

/**
 * A folder that was deleted under a running PostgreSQL and made anew has the same socket, and the old server would hold it
 * for up to a minute. Its data are gone, so it is stopped at once: in order it could not even write its last checkpoint.
 */
const stopDispossessed = async (lockFile: string, data: string): Promise<void> => {
  const pid = Number(readOrUndefined(lockFile)?.split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid) || !hasLost(pid, data)) return
  process.kill(pid, 'SIGQUIT')
  for (let waitedMs = 0; waitedMs < stopMaxMs; waitedMs += pollMs) {
    if (!hasLost(pid, data)) return
    await wait(pollMs)
  }
  throw new Error(`the PostgreSQL (process ${pid}) of a folder that was deleted did not stop within ${stopMaxMs / 1000} s`)
}

/** Asked only of a server that is not the one of the data's own pid file. */
const hasLost = (pid: number, data: string): boolean => {
  if (process.platform !== 'linux') return isPostgresOf(pid, data)
  const program = linkOrUndefined(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '')
  return (
    program !== undefined &&
    basename(program) === 'postgres' &&
    linkOrUndefined(`/proc/${pid}/cwd`) === `${realpathSync(data)} (deleted)`
  )
}

/** Removes the socket's folder once nobody listens there. */
export const clearSocketFolder = (listening: Listening): void => {
  if (process.platform !== 'win32') rmSync(listening.host, { recursive: true, force: true })
}

const readPidFile = (data: string): { pid: number; listening: Listening | undefined } | undefined => {
  const lines = readOrUndefined(join(data, 'postmaster.pid'))?.split('\n')
  const pid = Number(lines?.[0])
  if (lines === undefined || !Number.isInteger(pid) || pid <= 0) return undefined
  const [, , , port, socket, address, , state] = lines
  const host = socket === undefined || socket === '' ? address : socket
  const isReady = state?.trim() === 'ready' && host !== undefined
  return { pid, listening: isReady ? { host, port: Number(port) } : undefined }
}

const isPostgresOf = (pid: number, data: string): boolean => {
  if (process.platform === 'linux') {
    // An updated package deletes the binary of a server that still runs: the link then ends in " (deleted)".
    const program = linkOrUndefined(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '')
    return program !== undefined && basename(program) === 'postgres' && linkOrUndefined(`/proc/${pid}/cwd`) === realpathSync(data)
  }
  if (process.platform === 'win32') return isAlive(pid)
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.includes('postgres') && stdout.includes(data)
}

const linkOrUndefined = (link: string): string | undefined => {
  try {
    return readlinkSync(link)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH') || hasCode(error, 'EACCES')) return undefined
    throw error
  }
}

/**
 * After a crash of the machine the id in the pid file may belong to any other process of ours, and PostgreSQL would refuse
 * to start. A file whose process is dead stays: PostgreSQL itself uses it to make sure that no child of it lives on.
 */
const clearForeignPidFile = (data: string): void => {
  const status = readPidFile(data)
  if (status !== undefined && isAlive(status.pid) && !isPostgresOf(status.pid, data))
    rmSync(join(data, 'postmaster.pid'), { force: true })
}

/** Private to PostgreSQL's user, in the temporary folder as paths of sockets are short (STACK §1). */
const socketFolder = ({ data, runAs }: Cluster): string => {
  const name = `waybill-${shortHash(realpathSync(data))}`
  const usual = tmpdir()
  const isUsable = Buffer.byteLength(join(usual, name)) <= socketFolderBytesMax && canEnter(usual, runAs)
  const folder = join(isUsable ? usual : '/tmp', name)
  const uid = runAs.uid ?? process.getuid?.() ?? 0
  try {
    mkdirSync(folder, { mode: 0o700 })
    giveTo(folder, runAs)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  const found = lstatSync(folder)
  if (!found.isDirectory() || (found.uid !== uid && found.uid !== process.getuid?.())) {
    throw new Error(`${folder} belongs to somebody else (user ${found.uid}): remove it, or set TMPDIR to a folder of your own`)
  }
  giveTo(folder, runAs)
  chmodSync(folder, 0o700)
  return folder
}

const giveTo = (path: string, { uid, gid }: RunAs): void => {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

/** PostgreSQL complains about a working folder that it may not enter; ours may be one. */
const homeDirectory = ({ data, runAs }: Cluster): string => (runAs.uid === undefined ? join(data, '..') : '/')

/** Nothing of ours goes down to it: no credentials, and no PG… variable that would change how it starts. */
const quietEnvironment = (): NodeJS.ProcessEnv => {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'USERNAME']
  return {
    LC_ALL: 'C',
    TZ: 'UTC',
    ...Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
  }
}

/** Keeps one older log; returns how long the current one already is. */
const startLog = (file: string): number => {
  const size = existsSync(file) ? statSync(file).size : 0
  if (size <= logBytesMax) return size
  renameSync(file, `${file}.1`)
  return 0
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port')),
      )
    })
  })
