/**
 * Reference (d): Waybill itself with batches of one order, and nothing else changed: `single.ts IN_FLIGHT`. Not a setting,
 * because nobody should set it.
 */
import { openDatabase } from '../../src/database.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { createLog } from '../../src/platform/log.ts'
import { onStop } from '../../src/platform/process.ts'
import { startServer } from '../../src/server.ts'

const configuration = readConfiguration(process.env)
if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const server = await startServer({
  configuration,
  log: createLog(configuration.logLevel),
  environment: process.env,
  say: () => undefined,
  database: await openDatabase({ configuration, say: () => undefined, kind: 'server' }),
  placementLimits: { itemsMax: 1, inFlightMax: Number(process.argv[2] ?? '1') },
})
onStop(server.stop)
await server.ensureOwner()
say(`Waybill listens on ${await server.listen(false)}`)
