/** `waybill simulate`: past orders under other policies, another network or another stock. Reads only. */
import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Outcome } from '../insights/simulation-figures.ts'
import type { SimulatedOrder } from '../insights/simulation.ts'
import type { Policy } from '../sourcing/contract.ts'
import { printJson, printLine, progressOf } from './output.ts'
import type { NetworkArguments } from './simulate-arguments.ts'
import { UsageError, withShop } from './session.ts'

type Asked = NetworkArguments &
  Readonly<{ policy?: string[]; orders?: string; stock?: string; differences?: string; json?: boolean }>

export const simulateCommand = (program: Command): void => {
  program
    .command('simulate')
    .description('send past orders under other policies, another network or stock, and compare; changes nothing')
    .option('--policy <name|file...>', "policies to compare, by name or as JSON files (default: four of the shop's presets)")
    .option(
      '--orders <range>',
      'last:5000, days like 2011-01-01..2011-03-31, or order numbers like 1001..6000 (default: last:5000)',
    )
    .option('--network <file>', 'what is different about the network, as JSON')
    .option('--close <warehouse...>', 'without these warehouses')
    .option('--open <id=postcode...>', 'with a warehouse more, by its British postcode')
    .option('--stock <how>', 'current, ample, scale=0.8, fill=0.9[,seed=1] or a CSV file (default: docs/reference/cli.md)')
    .option('--differences <file>', 'write what each order comes to under each policy, a JSON object a line')
    .option('--json', 'print one JSON object')
    .action(simulateOrders)
}

const simulateOrders = async ({ json, differences, ...asked }: Asked): Promise<void> => {
  const [{ rangeOf, stockOf, policiesOf, networkOf }, { NotSimulated, runSimulation }, { decideHere }, { wordsOf }] =
    await Promise.all([
      import('./simulate-arguments.ts'),
      import('../insights/simulation-run-service.ts'),
      import('../insights/simulation-thread-service.ts'),
      import('./simulate-table.ts'),
    ])
  const range = rangeOf(asked.orders)
  const stock = await stockOf(asked.stock)
  const progress = progressOf('simulating orders')
  const answer = await withShop(async ({ shop }) => {
    const { simulating } = shop
    const policies = await policiesOf(asked.policy, simulating.policyNamed)
    const network = networkOf(await simulating.network(), asked, (country, postalCode) => shop.geocode(country, postalCode))
    const file = differences === undefined ? undefined : await differencesFile(differences, policies)
    const given = typeof stock === 'object' && 'rows' in stock
    try {
      return await simulating.shop((reader) =>
        runSimulation(
          reader,
          { policies, orders: range, stock: given ? undefined : stock },
          {
            network,
            stockGiven: given ? stock : undefined,
            zone: simulating.zone,
            begin: decideHere,
            onPage: async ({ done, total }, orders, outcomes) => {
              progress.at(done, total)
              await file?.write(orders, outcomes)
            },
          },
        ),
      )
    } catch (fault) {
      throw fault instanceof NotSimulated ? new UsageError(fault.message) : fault
    } finally {
      await file?.end()
    }
  })
  progress.end()
  if (json === true) return printJson(answer)
  for (const line of wordsOf(answer)) printLine(line)
}

/** Opened before anything is simulated: a path that cannot be written is said at once. */
const differencesFile = async (path: string, policies: readonly Policy[]) => {
  const file = await open(path, 'w').catch((fault: unknown) => {
    throw new UsageError(`${path} cannot be written: ${fault instanceof Error ? fault.message : String(fault)}`)
  })
  return {
    write: async (orders: readonly SimulatedOrder[], outcomes: readonly (readonly Outcome[])[]): Promise<void> => {
      const lines = orders.map(({ id, number, at }, index) => {
        const each = policies.map(({ id: policy }, p) => [policy, outcomes[index]?.[p]] as const)
        return `${JSON.stringify({ order: id, number, at, policies: Object.fromEntries(each) })}\n`
      })
      await file.write(lines.join(''))
    },
    end: () => file.close(),
  }
}
