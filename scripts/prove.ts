/**
 * `npm run prove -- [--minutes N] [--seed S] [--json FILE] [--write] [--only NAME]…`: the long run of the proof. Every
 * instrument for its share of the time, each in a process of its own, then the mutants. `--json` keeps what it came to,
 * `--write` makes it the last run in tests/proof and writes RELIABILITY.md from it; `--write` alone with `--minutes 0` writes
 * the page again from the last run. Ends with 1 where anything was found.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { onStop } from '../src/platform/process.ts'
import { rememberPostgres, surroundings } from '../bench/machine.ts'
import { mutants } from '../tests/mutants/mutants.ts'
import { hunt } from '../tests/mutants/score.ts'
import type { Asked, Told } from '../tests/proof/child.ts'
import type { Outcome } from '../tests/proof/instrument.ts'
import { type Entry, instruments } from '../tests/proof/instruments.ts'
import { type Fault, isClean, type Proof, type Proven, reliabilityPage, verdictOf } from '../tests/proof/proof.ts'
import { startTestCluster } from '../tests/support/database.ts'

const root = join(import.meta.dirname, '..')
const proofFile = (name: string): string => join(root, 'tests', 'proof', name)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
/** A line now and then says that it goes on. */
const saidEveryMs = 5_000
/** An instrument that does not end long after its time is hung. */
const overtimeMs = 600_000

const readArguments = () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
  if (!(minutes >= 0) || !Number.isSafeInteger(seed)) throw new Error('--minutes takes a number, --seed a whole number')
  const names = [...instruments.map(({ instrument }) => instrument.name), 'mutants']
  const unknown = values.only.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are ${names.join(', ')}`)
  const isAsked = (name: string): boolean => values.only.length === 0 || values.only.includes(name)
  return { ...values, minutes, seed, isAsked }
}

let running: ChildProcess | undefined

/** Runs one instrument in its process, and tells what it says. */
const proven = async ({ instrument: { name }, what }: Entry, seed: number, forMs: number): Promise<Proven> => {
  say(`\n${name}: ${what}, for ${Math.round(forMs / 1_000)} s from seed ${seed}`)
  const begun = performance.now()
  const { outcome, broke } = await inChild({ name, seed, forMs })
  const { counts = {}, findings = [] } = outcome ?? {}
  for (const { invariant, told } of findings) say(`\n✖ ${invariant}: ${told}\n`)
  if (broke !== undefined) say(`✖ ${name} broke off: ${broke}`)
  const seconds = Math.round((performance.now() - begun) / 1_000)
  return { name, what, seed, seconds, counts, findings, ...(broke === undefined ? {} : { broke }) }
}

const inChild = (asked: Asked): Promise<Readonly<{ outcome?: Outcome; broke?: string }>> =>
  new Promise((resolve) => {
    const child = fork(join(root, 'tests', 'proof', 'child.ts'), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    running = child
    let words = ''
    let saidAt = 0
    let outcome: Outcome | undefined
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-4_000)))
    child.on('message', (told: Told) => {
      if ('outcome' in told) outcome = told.outcome
      else if (performance.now() - saidAt > saidEveryMs) {
        say(`  ${told.line}`)
        saidAt = performance.now()
      }
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), asked.forMs + overtimeMs)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (outcome !== undefined) resolve({ outcome })
      else resolve({ broke: `it ended with ${signal ?? code}: ${words.trim().split('\n').slice(-6).join(' ')}` })
    })
    child.send(asked)
  })

const hunted = async (): Promise<Proof['mutants']> => {
  say(`\nmutants: ${mutants.length} small faults in a copy of the source`)
  const begun = performance.now()
  const judged = await hunt({
    mutants,
    database: process.env['WAYBILL_TEST_DATABASE'],
    told: ({ name, verdict }) => say(`  ${verdict}: ${name}`),
  })
  const free = judged.filter(({ verdict }) => verdict !== 'caught').map(({ name, verdict }) => `${name} (${verdict})`)
  return {
    caught: judged.length - free.length,
    of: judged.length,
    beforehand: mutants.filter(({ beforehand }) => beforehand === true).length,
    seconds: Math.round((performance.now() - begun) / 1_000),
    free,
  }
}

const prove = async ({ minutes, seed, isAsked }: ReturnType<typeof readArguments>): Promise<Proof> => {
  const cluster = await startTestCluster()
  // Whoever loses patience leaves nothing running behind.
  onStop(async () => {
    running?.kill('SIGTERM')
    await cluster.stop()
    process.exitCode = 1
  })
  try {
    process.env['WAYBILL_TEST_DATABASE'] = JSON.stringify(cluster.connection)
    const client = new pg.Client(cluster.connection)
    await client.connect()
    await rememberPostgres(client)
    await client.end()
    const asked = instruments.filter(({ instrument }) => isAsked(instrument.name))
    const shares = asked.reduce((sum, { share }) => sum + share, 0)
    const results: Proven[] = []
    for (const entry of asked) results.push(await proven(entry, seed, (minutes * 60_000 * entry.share) / shares))
    const none = { caught: 0, of: 0, beforehand: 0, seconds: 0, free: [] }
    const score = isAsked('mutants') ? await hunted() : none
    return { ...surroundings(), minutes, seed, instruments: results, mutants: score }
  } finally {
    await cluster.stop()
  }
}

const readJson = (name: string): unknown => JSON.parse(readFileSync(proofFile(name), 'utf8'))
const writePage = (): void => {
  writeFileSync(
    join(root, 'RELIABILITY.md'),
    reliabilityPage(readJson('last.json') as Proof, readJson('faults.json') as readonly Fault[]),
  )
  say('RELIABILITY.md is written')
}

const asked = readArguments()
if (asked.minutes === 0) {
  if (!existsSync(proofFile('last.json'))) throw new Error('there is no last run to write from: say --minutes')
  writePage()
} else {
  const proof = await prove(asked)
  const text = `${JSON.stringify(proof, undefined, 2)}\n`
  if (asked.json !== undefined) writeFileSync(asked.json, text)
  if (asked.write) {
    writeFileSync(proofFile('last.json'), text)
    writePage()
  }
  const { lost, doubled, oversold, unexplained } = verdictOf(proof)
  say(
    `\nlost ${lost}, doubled ${doubled}, oversold ${oversold}, unexplained ${unexplained}; mutants ${proof.mutants.caught}/${proof.mutants.of}`,
  )
  process.exitCode = isClean(proof) ? 0 : 1
}
