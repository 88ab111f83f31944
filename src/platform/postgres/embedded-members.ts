/**
 * Who uses one embedded PostgreSQL: a file per process, with the process's start time, because ids are used again.
 * Whoever joins or leaves does so under a lock, so that starting, joining and stopping never overlap.
 */
import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export type MemberKind = 'server' | 'cli'
/** `use` tells several uses by one process apart. */
export type Member = Readonly<{ pid: number; use: number; started: string; kind: MemberKind }>

const lockPollMs = 50
/** A start holds the lock through initdb or crash recovery; a waiting person wants to know why nothing happens. */
const lockQuietMs = 3_000

/** When the process started, in words that only compare; undefined when it does not live. */
export const processStart = (pid: number): string | undefined => {
  if (process.platform === 'linux') {
    const stat = readOrUndefined(`/proc/${pid}/stat`)
    if (stat === undefined) return undefined
    // The name in brackets may hold blanks; after it, state is field 3 and the start time field 22. A zombie is dead.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  }
  if (process.platform === 'win32') return isAlive(pid) ? 'alive' : undefined
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() === '' ? undefined : stdout.trim()
}

let uses = 0

export const newMember = (kind: MemberKind): Member => {
  uses += 1
  return { pid: process.pid, use: uses, started: processStart(process.pid) ?? '', kind }
}

export const isSame = (one: Member, other: Member | undefined): boolean =>
  other !== undefined && one.pid === other.pid && one.use === other.use && one.started === other.started

export const isLiving = (member: Member): boolean => processStart(member.pid) === member.started

/** Living members only; files of the dead are cleaned on the way. */
export const livingMembers = (home: string): readonly Member[] => {
  const folder = memberFolder(home)
  const living: Member[] = []
  for (const name of readdirSync(folder)) {
    const member = parseMember(readOrUndefined(join(folder, name)))
    if (member !== undefined && isLiving(member)) living.push(member)
    else rmSync(join(folder, name), { force: true })
  }
  return living
}

export const addMember = (home: string, member: Member): void => writeWhole(home, memberFile(home, member), JSON.stringify(member))

export const removeMember = (home: string, member: Member): void => rmSync(memberFile(home, member), { force: true })

/** The one that started PostgreSQL, or that it was handed to; undefined when that process is dead. */
export const livingOwner = (home: string): Member | undefined => {
  const owner = parseMember(readOrUndefined(ownerFile(home)))
  return owner !== undefined && isLiving(owner) ? owner : undefined
}

export const setOwner = (home: string, owner: Member | undefined): void => {
  if (owner === undefined) rmSync(ownerFile(home), { force: true })
  else writeWhole(home, ownerFile(home), JSON.stringify(owner))
}

/** Runs `work` alone among all processes that use this home. */
export const alone = async <Result>(home: string, say: (line: string) => void, work: () => Promise<Result>): Promise<Result> => {
  mkdirSync(memberFolder(home), { recursive: true })
  const me = JSON.stringify(newMember('cli'))
  let waitedMs = 0
  while (!takeLock(home, me)) {
    await wait(lockPollMs)
    waitedMs += lockPollMs
    if (waitedMs === lockQuietMs) say('another process is starting or stopping the embedded PostgreSQL; waiting for it')
  }
  try {
    return await work()
  } finally {
    rmSync(lockFile(home), { force: true })
  }
}

const takeLock = (home: string, me: string): boolean => {
  const file = lockFile(home)
  const mine = `${file}.${process.pid}`
  writeFileSync(mine, me)
  try {
    // A link appears whole or not at all: nobody ever reads a lock that is half written.
    linkSync(mine, file)
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(mine, { force: true })
  }
  const seen = readOrUndefined(file)
  const holder = parseMember(seen)
  if (seen === undefined || (holder !== undefined && isLiving(holder))) return false
  clearStaleLock(file, seen)
  return false
}

/** Renaming first: of several that see the same stale lock only one moves it away, and a lock taken meanwhile is put back. */
const clearStaleLock = (file: string, seen: string): void => {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
    if (readOrUndefined(aside) !== seen) linkSync(aside, file)
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

const memberFolder = (home: string): string => join(home, 'joined')
const memberFile = (home: string, member: Member): string => join(memberFolder(home), `${member.pid}-${member.use}.json`)
const ownerFile = (home: string): string => join(home, 'owner.pid')
const lockFile = (home: string): string => join(home, 'starting.lock')

const writeWhole = (home: string, file: string, text: string): void => {
  const fresh = join(home, `${process.pid}.new`)
  writeFileSync(fresh, text)
  renameSync(fresh, file)
}

const parseMember = (text: string | undefined): Member | undefined => {
  const match = /^\{"pid":(\d+),"use":(\d+),"started":"([^"]*)","kind":"(server|cli)"\}$/.exec(text ?? '')
  if (match === null) return undefined
  const [, pid, use, started = '', kind] = match
  return { pid: Number(pid), use: Number(use), started, kind: kind === 'server' ? 'server' : 'cli' }
}

/** The text of a file, or undefined where there is none; a process in `/proc` may also end while it is read (ESRCH). */
export const readOrUndefined = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return undefined
    throw error
  }
}

export const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code

/** A signal that we may not send still found its process. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false
    if (hasCode(error, 'EPERM')) return true
    throw error
  }
}
