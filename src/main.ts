/** Starts Waybill: configuration → database → rooms → listen; and stops it in order. */
import { openDatabase } from './database.ts'
import { readConfiguration } from './platform/config/config.ts'
import { createLog } from './platform/log.ts'
import { giveBackWhenIdle } from './platform/idle-memory.ts'
import { onStop } from './platform/process.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const configuration = readConfiguration(process.env)
if ('problems' in configuration) {
  process.stderr.write(
    `Waybill cannot start:\n${configuration.problems.map((problem) => `  - ${problem}\n`).join('')}See docs/reference/configuration.md.\n`,
  )
  process.exit(2)
}
const log = createLog(configuration.logLevel)
for (const warning of configuration.warnings) process.stderr.write(`Waybill: ${warning}\n`)

let stop = (): Promise<void> => Promise.resolve()
let leaveMemory = (): void => undefined
onStop(async (reason) => {
  say(`stopping (${reason})`)
  await starting.catch(() => undefined)
  leaveMemory()
  await stop()
  say('stopped cleanly')
})

const start = async (): Promise<void> => {
  // All of Waybill is loaded while the database starts: each takes a second and a half the first time.
  const [database, { startServer }, { layInDemo, demoMark }] = await Promise.all([
    openDatabase({ configuration, say, kind: 'server' }).then((opened) => {
      stop = opened.stop
      return opened
    }),
    import('./server.ts'),
    import('./cli/demo-shop.ts'),
  ])
  const server = await startServer({ configuration, log, environment: process.env, say, database })
  stop = server.stop
  const laidIn = configuration.demo && (await layInDemo(server.shop, configuration.timeZone))
  const owner = await server.ensureOwner()
  const address = await server.listen((await server.shop.keys.knownSetting(demoMark)) !== undefined)
  if (laidIn) say('The demo shop is laid in: five British warehouses and their stock. WAYBILL_DEMO=off leaves it out.')
  say(`Waybill listens on ${address}`)
  leaveMemory = giveBackWhenIdle((fault) => log.warn({ fault }, 'memory is not given back'))
  if (server.open())
    say(
      'The dialects /orders, /cart, /products, /users and /oms/orders need no key on this machine while the demo is here (WAYBILL_OPEN_DIALECTS=off).',
    )
  if (owner !== undefined) say(`The owner's API key, shown this once: ${owner}`)
  if (server.open()) {
    say('A first order:')
    say(
      `  curl -s ${address}/oms/orders -H 'content-type: application/json' -d '{"userId":"alice","orderItems":[{"productId":"85123A","quantity":2}]}'`,
    )
  }
}
const starting = start()
starting.catch(async (fault: unknown) => {
  process.stderr.write(`Waybill could not start: ${fault instanceof Error ? fault.message : String(fault)}\n`)
  log.debug({ fault }, 'start failed')
  await stop().catch(() => undefined)
  process.exit(1)
})
