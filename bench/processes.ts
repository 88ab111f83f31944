/** Processor time and memory from /proc, so that a figure survives a busy machine. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100
const bytesAKibibyte = 1_024

/** Empty where the process ended between listing and reading. */
const fileOf = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && (fault.code === 'ENOENT' || fault.code === 'ESRCH')) return ''
    throw fault
  }
}

const fieldsOf = (pid: number): readonly string[] => {
  const stat = fileOf(pid, 'stat')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** utime, stime and those of children that ended (fields 14 to 17 of proc(5)). */
const ticksOf = (fields: readonly string[]): number => fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)

type Process = Readonly<{ pid: number; fields: readonly string[] }>

/** The process and all that come from it. */
const treeOf = (root: number): readonly Process[] => {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name): Process => ({ pid: Number(name), fields: fieldsOf(Number(name)) }))
  const byParent = Map.groupBy(all, ({ fields }) => Number(fields[1]))
  const found: Process[] = all.filter(({ pid }) => pid === root)
  // Grows while it is walked: children, their children, and so on.
  for (const { pid } of found) found.push(...(byParent.get(pid) ?? []))
  return found
}

/** The postmaster of a data folder. */
export const postmasterOf = (dataFolder: string): number =>
  Number(readFileSync(`${dataFolder}/postgres/postmaster.pid`, 'utf8').split('\n')[0])

/** Seconds of processor time that a process has used so far, with all that came from it. */
export const cpuSeconds = (root: number): number =>
  treeOf(root).reduce((sum, { fields }) => sum + ticksOf(fields), 0) / ticksPerSecond

/** Seconds of processor time that the whole machine has used so far, whoever used it. */
export const machineSeconds = (): number => {
  const [, ...numbers] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).map(Number)
  // user, nice, system, idle, iowait, irq, softirq, steal (proc(5)); the rest is counted in user already.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = numbers
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond
}

const kibibytes = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)

/** Resident memory, now and at most so far. */
export const memoryOf = (pid: number): Readonly<{ bytes: number; peakBytes: number }> => {
  const status = fileOf(pid, 'status')
  return { bytes: kibibytes(status, 'VmRSS') * bytesAKibibyte, peakBytes: kibibytes(status, 'VmHWM') * bytesAKibibyte }
}

/** Memory of a process and all that come from it, in which what they share counts once. */
export const sharedMemoryOf = (root: number): number =>
  treeOf(root).reduce((sum, { pid }) => sum + kibibytes(fileOf(pid, 'smaps_rollup'), 'Pss') * bytesAKibibyte, 0)
