/**
 * `npm run bench -- [case …] [--json FILE] [--seconds N] [--rounds N] [--life-seconds N] [--history N] [--list]`: what
 * Waybill does on this machine, in turn with references on this machine. Ratios count; absolute figures move with the
 * machine. Without a case: all the short ones.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { onStop } from '../src/platform/process.ts'
import type { BenchCase, BenchOptions, Result } from './case.ts'
import { cases } from './cases.ts'
import { endChildren, endForGood } from './children.ts'
import { surroundings } from './machine.ts'
import { cpuSeconds, machineSeconds } from './processes.ts'
import { resultText, rounded } from './report.ts'
import { closeWorlds } from './world.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const complain = (line: string): void => void process.stderr.write(`${line}\n`)

const readArguments = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      seconds: { type: 'string', default: '6' },
      rounds: { type: 'string', default: '3' },
      'life-seconds': { type: 'string', default: '20' },
      history: { type: 'string', default: '1000000' },
      list: { type: 'boolean', default: false },
    },
  })
  const number = (name: 'seconds' | 'rounds' | 'life-seconds' | 'history'): number => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`)
    return value
  }
  const options: BenchOptions = {
    seconds: number('seconds'),
    rounds: number('rounds'),
    lifeSeconds: number('life-seconds'),
    historyMax: number('history'),
    say: (line) => say(`  · ${line}`),
  }
  return { options, named: positionals, json: values.json, list: values.list }
}

const chosen = (named: readonly string[]): readonly BenchCase[] => {
  const unknown = named.filter((name) => cases.every((one) => one.name !== name))
  if (unknown.length > 0)
    throw new Error(`there is no case ${unknown.join(', ')}; there are ${cases.map(({ name }) => name).join(', ')}`)
  return named.length === 0 ? cases.filter(({ long = false }) => !long) : cases.filter(({ name }) => named.includes(name))
}

type Told = Readonly<{ case: string; seconds: number; otherCores: number; results: readonly Result[]; failed?: string }>

/** A case that fails does not take the figures of the others with it. */
const runCase = async (one: BenchCase, options: BenchOptions): Promise<Told> => {
  say(`\n${one.name}: ${one.what}`)
  const disturbance = watchOthers()
  try {
    const results = await one.run(options)
    for (const result of results) say(resultText(result))
    return { case: one.name, ...disturbance(), results }
  } catch (fault) {
    const failed = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
    complain(`${one.name} ${interrupted.signal.aborted ? 'was interrupted' : `FAILED: ${failed}`}`)
    return { case: one.name, ...disturbance(), results: [], failed }
  } finally {
    await closeWorlds()
    await endChildren()
  }
}

/** How many processors the work of others took meanwhile: ratios bear some of it, absolute figures do not. */
const watchOthers = (): (() => Readonly<{ seconds: number; otherCores: number }>) => {
  const look = () => ({ at: performance.now() / 1_000, machine: machineSeconds(), ours: cpuSeconds(process.pid) })
  const before = look()
  return () => {
    const after = look()
    const seconds = after.at - before.at
    const otherCores = Math.max(0, (after.machine - before.machine - (after.ours - before.ours)) / seconds)
    say(`\n  ${seconds.toFixed(0)} s; others used ${otherCores.toFixed(2)} of ${cpus().length} processors meanwhile`)
    return { seconds, otherCores }
  }
}

const fileText = (told: readonly Told[], { seconds, rounds, lifeSeconds, historyMax }: BenchOptions): string =>
  `${JSON.stringify(
    { ...surroundings(), options: { seconds, rounds, lifeSeconds, historyMax }, cases: told },
    (_, value: unknown) => (typeof value === 'number' ? rounded(value) : value),
    2,
  )}\n`

const main = async (): Promise<void> => {
  const { options, named, json, list } = readArguments()
  if (list)
    return cases.forEach(({ name, what, long = false }) => say(`${name.padEnd(12)}${what}${long ? ' (only when named)' : ''}`))
  const told: Told[] = []
  for (const one of chosen(named)) {
    if (interrupted.signal.aborted) break
    told.push(await runCase(one, options))
    // After each case: hours of figures must not hang on the last.
    if (json !== undefined) writeFileSync(json, fileText(told, options))
  }
  const failed = told.flatMap((one) => (one.failed === undefined ? [] : [one.case]))
  if (failed.length > 0) complain(`\nfailed: ${failed.join(', ')}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}

const interrupted = new AbortController()
onStop(async () => {
  interrupted.abort()
  await endForGood()
  // What a case waits for now fails, and the case cleans up after itself.
  await closeWorlds()
  await running
  process.exit(130)
})

const running = main().catch((fault: unknown) => {
  complain(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 2
})
await running
// The handler above ends the process when it is done.
if (interrupted.signal.aborted) await new Promise(() => undefined)
// By force: a pool that still waits for its idle connections must not hold the run open.
process.exit()
