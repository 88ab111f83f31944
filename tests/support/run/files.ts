/** Runs test files, each in a process of its own, and tells what happened: a line a file while all is well, failures in full. */
import { relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { inspect } from 'node:util'

export type Counts = Readonly<{ passed: number; failed: number; skipped: number }>

/** As many as the smallest machine we care for has cores. */
const concurrency = 2
/** For a whole file: journeys start a server, faults kill one; more than this is a hang. */
const fileMaxMs = 600_000
/** What a failing file printed is shown, but not a log of megabytes. */
const outputCharactersMax = 20_000

export const runFiles = async (files: readonly string[], signal: AbortSignal): Promise<Counts> => {
  const output = new Map<string, string>()
  const failedFiles = new Set<string>()
  const noted = { passed: 0, failed: 0, skipped: 0 }
  const keep = ({ file, message }: Readonly<{ file: string; message: string }>): void => {
    output.set(file, `${output.get(file) ?? ''}${message}`.slice(-outputCharactersMax))
  }
  const stream = run({ files: [...files], concurrency, timeout: fileMaxMs, signal })
  stream.on('test:stdout', keep)
  stream.on('test:stderr', keep)
  stream.on('test:fail', ({ name, nesting, file = '', line, details: { error } }) => {
    // A suite fails when something in it failed, and that was already told.
    if (isEcho(error)) return
    failedFiles.add(file)
    if (nesting === 0 && isBrokenFile(name, files)) noted.failed += 1
    write(`\n✖ ${name}\n  ${relative('.', file)}:${line ?? 1}\n${indent(wordsOf(error))}\n\n`)
  })
  stream.on('test:summary', ({ file, counts, duration_ms: durationMs }) => {
    if (file === undefined) return
    // A suite whose last hook fails has no failed test in it; nothing that was told may count as nothing.
    const failed = Math.max(counts.tests - counts.passed - counts.skipped - counts.todo, failedFiles.has(file) ? 1 : 0)
    noted.passed += counts.passed
    noted.failed += failed
    noted.skipped += counts.skipped + counts.todo
    const skipped = counts.skipped + counts.todo > 0 ? `, ${counts.skipped + counts.todo} skipped` : ''
    write(
      `${failed === 0 ? '✔' : '✖'} ${relative('.', file)}: ${counts.passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped} (${(durationMs / 1000).toFixed(1)} s)\n`,
    )
  })
  stream.resume()
  await finished(stream)
  for (const file of failedFiles) {
    const words = output.get(file)?.trim() ?? ''
    if (words !== '') write(`\nwhat ${relative('.', file)} printed:\n${indent(words)}\n\n`)
  }
  return noted
}

/** A file that does not even load, or that ends badly, is reported under its own path instead of a test's name; no summary counts it. */
const isBrokenFile = (name: string, files: readonly string[]): boolean =>
  files.some((file) => file === name || relative('.', file) === name)

const isEcho = (error: Error): boolean => 'failureType' in error && error.failureType === 'subtestsFailed'

/** node:test wraps what was thrown; the cause has the words and the stack. */
const wordsOf = (error: Error): string => {
  const { cause } = error
  if (cause instanceof Error) return inspect(cause, { depth: 5 })
  return typeof cause === 'string' ? cause : error.message
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ')
const write = (text: string): unknown => process.stdout.write(text)
