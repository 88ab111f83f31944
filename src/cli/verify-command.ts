import type { Command } from 'commander'
import { complainOfAll, grouped, printJson, printLine, progressOf } from './output.ts'
import { exitCodes, withShop } from './session.ts'

export const verifyCommand = (program: Command): void => {
  program
    .command('verify')
    .description('fold every history and compare it with what is stored: states, stock, reservations, money')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: Readonly<{ json?: boolean }>) => {
      const progress = progressOf('verifying orders')
      const verified = await withShop(async ({ shop }) => {
        const { verifyShop } = await import('./verify.ts')
        return verifyShop(shop, progress.at)
      })
      progress.end()
      const { ok, orders, events, differences } = verified
      if (!ok) process.exitCode = exitCodes.differences
      if (json === true) return printJson(verified)
      complainOfAll(differences.map(({ what, detail }) => `${what}: ${detail}`))
      const found = ok ? 'everything adds up' : `${grouped(differences.length)} differences found`
      printLine(`${grouped(orders)} orders, ${grouped(events)} events: ${found}`)
    })
}
