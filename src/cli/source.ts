/** `waybill source --instance`: the sourcing solver on instances from standard input, for comparing it with others. */
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { InstanceError, sourceInstanceText } from '../sourcing/contract.ts'
import { complain, printLine } from './output.ts'
import { exitCodes, UsageError } from './session.ts'

export const sourceCommand = (program: Command): void => {
  program
    .command('source')
    .description('solve sourcing instances: one JSON object, or one a line, on standard input; a plan a line on standard output')
    .option('--instance', 'read instances (docs/reference/cli.md)')
    .action(async ({ instance }: Readonly<{ instance?: boolean }>) => {
      if (instance !== true) throw new UsageError('say what to source: waybill source --instance < instances.ndjson')
      await sourceLines()
    })
}

/** A line that is no instance does not keep the others from theirs; the answer says which field is wrong. */
const sourceLines = async (): Promise<void> => {
  let text = ''
  let solved = 0
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    text += text === '' ? line : `\n${line}`
    // One object a line, or one object over many: what is no whole JSON yet goes on in the next line.
    if (text.trim() === '' || !isWhole(text)) continue
    if (solve(text)) solved += 1
    text = ''
  }
  if (text.trim() !== '') solve(text)
  else if (solved === 0 && process.exitCode === undefined) throw new UsageError('standard input is empty: an instance was expected')
}

const isWhole = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch (fault) {
    if (fault instanceof SyntaxError) return false
    throw fault
  }
}

const solve = (text: string): boolean => {
  try {
    printLine(sourceInstanceText(text))
    return true
  } catch (fault) {
    if (!(fault instanceof InstanceError)) throw fault
    printLine(JSON.stringify({ error: fault.message }))
    complain(`waybill: ${fault.message}`)
    process.exitCode = exitCodes.failed
    return false
  }
}
