/** What every command stands on: its configuration, a shop that is opened and closed in order, its exit codes. */
import { existsSync } from 'node:fs'
import { type Configuration, readConfiguration } from '../platform/config/config.ts'
import { createLog } from '../platform/log.ts'
import { onStop } from '../platform/process.ts'
import type { Shop } from '../shop.ts'

/** docs/reference/cli.md says the same to whoever calls us from a script. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, differences: 3, refusedRows: 4, interrupted: 130 } as const

/** The caller can mend it without looking at Waybill: a wrong argument, a missing file, a malformed variable. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export type Session = Readonly<{ shop: Shop; configuration: Configuration }>

export const configurationOrThrow = (): Configuration => {
  const configuration = readConfiguration(process.env)
  if (!('problems' in configuration)) return configuration
  const problems = configuration.problems.map((problem) => `\n  - ${problem}`).join('')
  throw new UsageError(`the configuration is wrong:${problems}\nSee docs/reference/configuration.md.`)
}

export const existingFile = (path: string): string => {
  if (existsSync(path)) return path
  throw new UsageError(`there is no file ${path}`)
}

/**
 * Opens the shop on `DATABASE_URL` or `WAYBILL_DATA`, beside a living server or alone, and closes it whatever happens; on
 * Ctrl-C too, between two transactions. Nothing reacts to events here: a server does, now or when it starts.
 */
export const withShop = async <Result>(run: (session: Session) => Promise<Result>): Promise<Result> => {
  const configuration = configurationOrThrow()
  // A command's own words are its output: what it logs besides is only what goes wrong, unless asked for.
  const log = createLog(process.env['WAYBILL_LOG_LEVEL'] === undefined ? 'warn' : configuration.logLevel)
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  // Loaded here: a command that fails on its arguments, or needs no shop, answers at once.
  const [{ openDatabase }, { openShop }] = await Promise.all([import('../database.ts'), import('../shop.ts')])
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (let last = closers.pop(); last !== undefined; last = closers.pop()) await last()
  }
  let isInterrupted = false
  const takeOff = onStop(async () => {
    isInterrupted = true
    await close()
    process.exit(exitCodes.interrupted)
  })
  try {
    const database = await openDatabase({ configuration, say, kind: 'cli' })
    closers.push(database.stop)
    const baseUrl = (): string => configuration.publicUrl ?? `http://${configuration.host}:${configuration.port}`
    const shop = await openShop({ connection: database.connection, configuration, log, environment: process.env, baseUrl, say })
    closers.push(shop.close)
    return await run({ shop, configuration })
  } catch (fault) {
    // What was being done finds its connections closed: no news to whoever stopped it. The process ends above.
    if (isInterrupted) return await new Promise<never>(() => undefined)
    throw fault
  } finally {
    await close()
    takeOff()
  }
}
