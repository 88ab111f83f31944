/**
 * `npm test`: the only command one must know. Types, lint, format and unused code first, each counted as one test, then
 * all tests on one throw-away PostgreSQL. `npm test -- PATTERN` runs only the test files whose path contains PATTERN.
 * The last line is `N passed, N failed`, with `, N skipped` where something was.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { onStop } from '../src/platform/process.ts'
import { startTestCluster, type TestCluster } from '../tests/support/database.ts'
import { runFiles, type Counts } from '../tests/support/run/files.ts'

const projectRoot = join(import.meta.dirname, '..')
const bin = (name: string): string => join(projectRoot, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)
/** A check that takes longer hangs; the slowest, the types, takes a few seconds. */
const checkMaxMs = 300_000

const checks: readonly Readonly<{ name: string; command: string; args: readonly string[] }>[] = [
  { name: 'types', command: bin('tsc'), args: ['-p', '.'] },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware'] },
  { name: 'format', command: bin('biome'), args: ['format', '.'] },
  { name: 'unused code', command: bin('knip'), args: ['--no-progress'] },
]

const main = async (patterns: readonly string[]): Promise<Counts> => {
  const all = globSync(['src/**/*.test.ts', 'tests/**/*.test.ts'], { cwd: projectRoot }).sort(inTheirOrder)
  const files = patterns.length === 0 ? all : all.filter((file) => patterns.some((pattern) => file.includes(pattern)))
  if (files.length === 0) {
    process.stderr.write(`no test file's path contains ${patterns.join(' or ')}\n`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const counts = patterns.length === 0 ? [await runChecks()] : []
  counts.push(await runOnCluster(files))
  return counts.reduce(add)
}

/** Chaos mostly waits and takes long: beside it goes what only calculates, and nothing else. */
const last = ['tests/chaos/acceptance', 'tests/simulation/seeds']
const inTheirOrder = (one: string, other: string): number => {
  const rank = (file: string): number => last.findIndex((start) => file.startsWith(start))
  return rank(one) - rank(other) || (one < other ? -1 : 1)
}

const runChecks = async (): Promise<Counts> => {
  let passed = 0
  for (const { name, command, args } of checks) {
    const start = performance.now()
    const { ok, output } = await runCheck(command, args)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    process.stdout.write(ok ? `✔ ${name} (${seconds} s)\n` : `✖ ${name} (${seconds} s)\n${output.trimEnd()}\n\n`)
    if (ok) passed += 1
  }
  return { passed, failed: checks.length - passed, skipped: 0 }
}

const runCheck = (command: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> =>
  new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
      timeout: checkMaxMs,
      shell: process.platform === 'win32',
    })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', (error) => resolve({ ok: false, output: error.message }))
    child.once('close', (code, signal) =>
      resolve({ ok: code === 0, output: signal === null ? output : `${output}\nended by ${signal}` }),
    )
  })

let cluster: TestCluster | undefined
const abort = new AbortController()

const runOnCluster = async (files: readonly string[]): Promise<Counts> => {
  try {
    cluster = await startTestCluster()
    process.env['WAYBILL_TEST_DATABASE'] = JSON.stringify(cluster.connection)
    return await runFiles(
      files.map((file) => join(projectRoot, file)),
      abort.signal,
    )
  } finally {
    await cluster?.stop()
  }
}

const add = (one: Counts, other: Counts): Counts => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
})

onStop(async () => {
  abort.abort()
  await cluster?.stop()
  process.exitCode = 1
})

const { passed, failed, skipped } = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`the test run broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return { passed: 0, failed: 1, skipped: 0 }
})
const closing = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`
// Left by force, but only once the line is out: a test that forgot a timer must not hold the run open.
process.stdout.write(closing, () => process.exit(failed === 0 && passed > 0 ? 0 : 1))
