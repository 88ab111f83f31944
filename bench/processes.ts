/** Processor time from /proc, so that a figure survives a busy machine. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

const ticksOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // utime, stime and those of children that ended (fields 14 to 17 of proc(5)).
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  } catch (fault) {
    // It ended between listing and reading.
    if (fault instanceof Error && 'code' in fault && (fault.code === 'ENOENT' || fault.code === 'ESRCH')) return 0
    throw fault
  }
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && (fault.code === 'ENOENT' || fault.code === 'ESRCH')) return ''
    throw fault
  }
}

const parentOf = (pid: number): number => {
  const line = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? 0)
}

/** The postmaster of a data folder. */
export const postmasterOf = (dataFolder: string): number =>
  Number(readFileSync(`${dataFolder}/postgres/postmaster.pid`, 'utf8').split('\n')[0])

/** Seconds of processor time that a process has used so far, with all its children. */
export const cpuSeconds = (root: number): number => {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  let ticks = ticksOf(root)
  for (const pid of pids) {
    if (pid === root || commandOf(pid) === '') continue
    try {
      if (parentOf(pid) === root) ticks += ticksOf(pid)
    } catch (fault) {
      if (!(fault instanceof Error && 'code' in fault && (fault.code === 'ENOENT' || fault.code === 'ESRCH'))) throw fault
    }
  }
  return ticks / ticksPerSecond
}
