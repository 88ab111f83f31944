/** The command line: `waybill COMMAND`. Each command has a file of its own, and loads what it needs when it runs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { demoCommand } from './demo.ts'
import { importCommand } from './import.ts'
import { keyCommand } from './key.ts'
import { complain } from './output.ts'
import { exitCodes, UsageError } from './session.ts'
import { simulateCommand } from './simulate.ts'
import { sourceCommand } from './source.ts'
import { startCommand } from './start.ts'
import { verifyCommand } from './verify-command.ts'
import { whyCommand } from './why.ts'

/** In the order of the help. */
const commands: readonly ((program: Command) => void)[] = [
  startCommand,
  importCommand,
  demoCommand,
  verifyCommand,
  whyCommand,
  simulateCommand,
  keyCommand,
  sourceCommand,
]

const version = (JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string })
  .version

const programOf = (): Command => {
  const program = new Command('waybill')
    .description('Waybill, an order management system. Works on WAYBILL_DATA or DATABASE_URL, beside a running server or alone.')
    .version(version)
    .showHelpAfterError('(waybill --help lists the commands)')
    .exitOverride()
  // Subcommands take over how errors leave from the program they are added to.
  for (const add of commands) add(program)
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong arguments or configuration, 3 differences found, 4 rows refused, 130 interrupted.',
  )
  return program
}

const main = async (): Promise<void> => {
  try {
    await programOf().parseAsync()
  } catch (fault) {
    process.exitCode = told(fault)
  }
}

/** Says what went wrong, where commander has not, and how the process ends. */
const told = (fault: unknown): number => {
  // Help and version leave this way too, with 0; help for want of a command is a wrong call.
  if (fault instanceof CommanderError) return fault.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  complain(`waybill: ${fault instanceof Error ? fault.message : String(fault)}`)
  if (process.env['WAYBILL_LOG_LEVEL'] === 'debug' && fault instanceof Error) complain(fault.stack ?? '')
  return fault instanceof UsageError ? exitCodes.usage : exitCodes.failed
}

await main()
