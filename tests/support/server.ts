/** The real server as a process of its own, on a folder or a database, that a test may kill. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ownerKey } from './waybill.ts'

const root = join(import.meta.dirname, '..', '..')

export type Server = Readonly<{
  url: string
  child: ChildProcess
  /** What it said until now. */
  said: () => string
  /** From its start until it listened. */
  startedInMs: number
  /** Resolves with the exit code, or the signal's name, when the process has ended. */
  ended: Promise<number | string>
}>

export type ServerOptions = Readonly<{
  environment: Readonly<Record<string, string>>
  /** `wrapper`: through scripts/run.mjs, as npm does. */
  through?: 'node' | 'wrapper'
  /** A process group of its own, as a terminal makes. */
  group?: boolean
}>

/** Starts it and waits until it listens. @throws with what it said where it does not. */
export const startProcess = async ({ environment, through = 'node', group = false }: ServerOptions): Promise<Server> => {
  const begun = performance.now()
  const args = through === 'node' ? ['src/main.ts'] : ['scripts/run.mjs', 'src/main.ts']
  const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'USER'].map((name) => [name, process.env[name]]))
  const child = spawn(process.execPath, args, {
    cwd: root,
    detached: group,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      NODE_COMPILE_CACHE: join(root, '.cache', 'compile'),
      PORT: '0',
      WAYBILL_OWNER_KEY: ownerKey,
      WAYBILL_LOG_LEVEL: 'warn',
      WAYBILL_DEMO: 'off',
      ...environment,
    },
  })
  let said = ''
  const ended = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? 0)))
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const listens = /listens on (http:\S+)/.exec(said)?.[1]
        if (listens !== undefined) resolve(listens)
      })
    void ended.then((how) => reject(new Error(`the server ended (${how}) before it listened:\n${said}`)))
  })
  return { url, child, said: () => said, startedInMs: performance.now() - begun, ended }
}

/** The server's own process, below the wrapper that started it. */
export const serverPid = ({ child }: Server): number => {
  const below = processes().find(({ parent }) => parent === child.pid)
  return below?.pid ?? child.pid ?? 0
}

type Listed = Readonly<{ pid: number; parent: number; command: string; folder: string }>

/** Every living process of this machine that may be looked at. Linux only. */
export const processes = (): Listed[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (state === 'Z') return []
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return [{ pid: Number(name), parent: Number(parent), command, folder: folderOf(name) }]
    } catch (fault) {
      if (fault instanceof Error && 'code' in fault) return [] // It ended while it was looked at.
      throw fault
    }
  })

const folderOf = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return '' // Somebody else's process.
  }
}

/** The PostgreSQL of a data folder, as its pid file says; undefined where there is none. */
export const postmasterOf = (dataFolder: string): number | undefined => {
  const file = join(dataFolder, 'postgres', 'postmaster.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
}

/** Processes that work in a folder, or name it: what should be gone after a stop. */
export const processesIn = (dataFolder: string): Listed[] =>
  processes().filter(({ command, folder }) => folder.startsWith(dataFolder) || command.includes(dataFolder))
