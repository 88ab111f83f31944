/** Every process that the benchmark starts, so that none outlives it, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'

const living = new Set<ChildProcess>()
let isOver = false

/** What the child prints is read by us; what it complains about goes to the terminal. */
export const startChild = (command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess => {
  if (isOver) throw new Error('the benchmark is being stopped')
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] })
  living.add(child)
  child.once('exit', () => living.delete(child))
  return child
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** @returns when it is gone; a process that ignores the signal is killed. */
export const endChild = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  if (hasEnded(child)) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), endMaxMs)
  await gone
  clearTimeout(timer)
}
/** A server drains its reactions before it goes. */
const endMaxMs = 40_000

export const endChildren = async (): Promise<void> => {
  await Promise.all([...living].map((child) => endChild(child)))
}

/** The same, and none is started any more. */
export const endForGood = async (): Promise<void> => {
  isOver = true
  await endChildren()
}

/** Beyond the time a program was asked to run: connecting, last answers, sorting, and lives that are still to end. */
const spareSeconds = 120

/** Runs one of our own programs, which is asked in JSON and says what it measured, in JSON, with its last line. */
export const runProgram = async <Said>(
  file: string,
  asked: unknown,
  seconds: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<Said> => {
  const output = await runChild(process.execPath, [file, JSON.stringify(asked)], environment, seconds + spareSeconds)
  const last = output?.trim().split('\n').at(-1)
  if (last === undefined || last === '') throw new Error(`${file} said nothing`)
  return JSON.parse(last) as Said
}

/** Runs a program of bounded length to its end. @returns what it printed; undefined where there is no such program. */
export const runChild = (
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  secondsMax: number,
): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const child = startChild(command, args, environment)
    let output = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), secondsMax * 1_000)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', (fault) => {
      clearTimeout(timer)
      living.delete(child)
      if ('code' in fault && fault.code === 'ENOENT') resolve(undefined)
      else reject(fault)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ${args[0] ?? ''} ended with ${code ?? signal}`))
    })
  })
