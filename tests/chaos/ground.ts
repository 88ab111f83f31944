/** PostgreSQL apart from Waybill, durable, on a disk that can be filled: what the nemesis stands on. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { nativeFolder, runAsFor } from '../../src/platform/postgres/embedded-binaries.ts'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'
import {
  clearSocketFolder,
  type Cluster,
  clusterUser,
  initialise,
  type Listening,
  passwordOf,
  runningPostgres,
  startPostgres,
  stopPostgres,
} from '../../src/platform/postgres/embedded-process.ts'
import pg from 'pg'
import { processes } from '../support/server.ts'

/** What five minutes of chaos write, log and tables, twice over. */
const diskSize = '1000m'
/** No file grows beyond this where the disk itself cannot be filled: a segment of the log is twice as large. */
const fileBlocksMax = 16_384
const goneMaxMs = 20_000

export type Disk = 'a small tmpfs' | 'a file-size limit'

export class Ground {
  readonly folder: string
  readonly disk: Disk
  readonly #cluster: Cluster
  #listening: Listening | undefined

  private constructor(folder: string, disk: Disk, cluster: Cluster) {
    this.folder = folder
    this.disk = disk
    this.#cluster = cluster
  }

  static async open(): Promise<Ground> {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-chaos-'))
    chmodSync(folder, 0o755)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize},mode=755`, 'tmpfs', folder], { stdio: 'ignore' })
    const data = join(folder, 'postgres')
    const runAs = runAsFor(data)
    const cluster = { home: folder, data, native: nativeFolder(runAs, true, () => undefined), runAs, isForTests: false }
    const ground = new Ground(folder, mounted.status === 0 ? 'a small tmpfs' : 'a file-size limit', cluster)
    try {
      await initialise(cluster)
      await ground.start()
      const client = new pg.Client({ ...ground.connection, database: 'postgres' })
      await client.connect()
      await client.query('create database waybill')
      await client.end()
      return ground
    } catch (fault) {
      await ground.close()
      throw fault
    }
  }

  /** Where it listens, as the same folder and port through every restart. */
  get connection(): EmbeddedConnection {
    if (this.#listening === undefined) throw new Error('PostgreSQL was not started')
    return { ...this.#listening, user: clusterUser, password: passwordOf(this.#cluster.home), database: 'waybill' }
  }

  async start(): Promise<void> {
    const end = performance.now() + goneMaxMs
    for (;;) {
      try {
        this.#listening = await startPostgres(this.#cluster)
        return
      } catch (fault) {
        // A killed postmaster is a zombie until we, who started it, have heard of its end; its lock files seem to be held till then.
        const isHeld = fault instanceof Error && fault.message.includes('already exists')
        if (!isHeld || performance.now() > end) throw fault
        await wait(50)
      }
    }
  }

  /** In order, as before Waybill itself takes over the folder. */
  stop(): Promise<void> {
    return stopPostgres(this.#cluster)
  }

  /** The postmaster's id; undefined where none runs. */
  get pid(): number | undefined {
    return runningPostgres(this.#cluster.data)?.pid
  }

  /** SIGQUIT is what `pg_ctl -m immediate` sends. Resolves when it and its children are gone. */
  async kill(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const pids = this.#all()
    const [postmaster] = pids
    if (postmaster !== undefined) process.kill(postmaster, signal)
    const end = performance.now() + goneMaxMs
    while (pids.some(lives)) {
      if (performance.now() > end) throw new Error(`PostgreSQL is still there: ${pids.filter(lives).join(', ')}`)
      await wait(20)
    }
  }

  /** Everybody in it stands still. @returns what lets them go on. */
  pause(): () => void {
    const pids = this.#all()
    for (const pid of pids) signal(pid, 'SIGSTOP')
    return () => pids.forEach((pid) => signal(pid, 'SIGCONT'))
  }

  /** Leaves not a byte. @returns what makes room again. */
  async fill(): Promise<() => Promise<void>> {
    if (this.disk === 'a file-size limit') return this.#limit()
    const ballast = join(this.folder, 'ballast')
    const file = openSync(ballast, 'w')
    try {
      for (const size of [1 << 20, 1 << 12]) writeUntilFull(file, Buffer.alloc(size))
    } finally {
      closeSync(file)
    }
    return async () => {
      rmSync(ballast)
      // A log that could not be written makes it go down, and recovery without room may have failed.
      if (this.pid === undefined) await this.start()
    }
  }

  async close(): Promise<void> {
    const pid = this.pid
    if (pid !== undefined) await this.kill('SIGQUIT')
    if (this.#listening !== undefined) clearSocketFolder(this.#listening)
    if (this.disk === 'a small tmpfs') spawnSync('umount', ['-l', this.folder], { stdio: 'ignore' })
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Where nothing may be mounted: PostgreSQL under a limit that stops its log as a full disk would. */
  async #limit(): Promise<() => Promise<void>> {
    await this.stop()
    const helper = join(import.meta.dirname, 'limited-postgres.ts')
    const args = [
      '-c',
      'ulimit -S -f "$0"; exec "$@"',
      String(fileBlocksMax),
      process.execPath,
      helper,
      JSON.stringify(this.#cluster),
    ]
    const child = spawn('/bin/sh', args, { stdio: 'ignore' })
    await new Promise((resolve) => child.once('exit', resolve))
    return async () => {
      if (this.pid !== undefined) await this.kill('SIGQUIT')
      await this.start()
    }
  }

  #all(): readonly number[] {
    const { pid } = this
    if (pid === undefined) return []
    return [pid, ...processes().flatMap(({ pid: child, parent }) => (parent === pid ? [child] : []))]
  }
}

const lives = (pid: number): boolean => processes().some((listed) => listed.pid === pid)

const signal = (pid: number, name: 'SIGSTOP' | 'SIGCONT'): void => {
  if (lives(pid)) process.kill(pid, name)
}

const writeUntilFull = (file: number, piece: Buffer): void => {
  try {
    for (;;) writeSync(file, piece)
  } catch (fault) {
    if (!(fault instanceof Error && 'code' in fault && fault.code === 'ENOSPC')) throw fault
  }
}
