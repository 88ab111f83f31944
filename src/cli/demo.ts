import type { Command } from 'commander'
import { grouped, printJson, printLine, type Progress, progressOf } from './output.ts'
import { type Session, UsageError, withShop } from './session.ts'
import type { Watch } from './demo-play.ts'

type Options = Readonly<{ json?: boolean; sample?: string }>

export const demoCommand = (program: Command): void => {
  program
    .command('demo')
    .description('500 real orders through their whole life, live: placed, sourced, paid, assembled, shipped, delivered')
    .option('--sample <name>', 'agents: the three warehouses and three orders of requirement A17')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      if (options.sample !== undefined && options.sample !== 'agents')
        throw new UsageError(`there is no sample ${options.sample}: agents is one`)
      await withShop((session) => play(session, options))
    })
}

const play = async (session: Session, { json, sample }: Options): Promise<void> => {
  const { shop, configuration } = session
  const watch = watching()
  // The demo is the outside world, and where no server runs on this database it is the rooms' engine too.
  await shop.start()
  try {
    if (sample === 'agents') await agents(session, watch, json === true)
    else {
      const [{ runDemo }, { table }] = await Promise.all([import('./demo-run.ts'), import('./demo-summary.ts')])
      const summary = await runDemo(shop, configuration.timeZone, watch)
      watch.end()
      if (json === true) return printJson(summary)
      printLine(table(summary))
    }
  } finally {
    watch.end()
    await shop.stop()
  }
}

const agents = async ({ shop }: Session, watch: Watch & Readonly<{ end: () => void }>, json: boolean): Promise<void> => {
  const { runAgents } = await import('./demo-agents.ts')
  const orders = await runAgents(shop, watch)
  watch.end()
  if (json) return printJson({ orders })
  for (const { order, customer, warehouse, parcels, status, story } of orders) {
    printLine(`${order} (${customer}): ${parcels} parcel${parcels === 1 ? '' : 's'} from ${warehouse}, ${status}`)
    for (const line of story) printLine(`  ${line}`)
  }
}

/** One bar a stage, and a line that says how long the last one took. */
const watching = (): Watch & Readonly<{ end: () => void }> => {
  let progress: Progress | undefined
  let stage: Readonly<{ name: string; at: number }> | undefined
  const end = (): void => {
    progress?.end()
    if (stage !== undefined) process.stderr.write(`${stage.name}: ${grouped(Math.round(performance.now() - stage.at))} ms\n`)
    progress = undefined
    stage = undefined
  }
  return {
    stage: (name) => {
      end()
      stage = { name, at: performance.now() }
      progress = progressOf(name)
    },
    step: (done, all) => progress?.at(done, all),
    end,
  }
}
