/**
 * A reaction that only looks: the product's own journal reader, woken as the reactions of another process are, notes when
 * each order's `OrderPlaced` came by. Ends on SIGTERM, and prints what it saw as its last line.
 */
import { JournalReader } from '../../src/platform/bus/journal.ts'
import { WakeUps } from '../../src/platform/bus/wake.ts'
import { silentLog } from '../../src/platform/log.ts'
import { Database } from '../../src/platform/postgres/database.ts'
import { type Seen, sharedClock } from './asked.ts'

const database = new Database(process.argv[2] ?? '', (fault) => process.stderr.write(`the probe: ${fault.message}\n`))
const journal = new JournalReader(database)
const wakeUps = new WakeUps(database, silentLog)
const seen: Seen[] = []
/** As reactions do: looks again soon while something is committed that is not final yet, and now and then by itself. */
const [soonMs, idleMs] = [2, 250]
const batchMax = 1_000

let wake = (): void => undefined
let isAwake = false
const over = new AbortController()
wakeUps.on(() => {
  isAwake = true
  wake()
})
process.once('SIGTERM', () => {
  over.abort()
  wake()
})

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })

const look = async (after: number): Promise<number> => {
  const horizon = await journal.horizon()
  const envelopes = await journal.read(after, horizon, ['OrderPlaced'], batchMax)
  const now = sharedClock()
  for (const { stream } of envelopes) seen.push([stream, now])
  return envelopes.length < batchMax ? Math.max(after, horizon) : (envelopes.at(-1)?.position ?? after)
}

await wakeUps.start()
let after = await journal.horizon()
process.stdout.write('looking\n')
while (!over.signal.aborted) {
  isAwake = false
  after = await look(after)
  if (!isAwake && !over.signal.aborted) await sleep(journal.behind ? soonMs : idleMs)
}
process.stdout.write(`${JSON.stringify(seen)}\n`)
await wakeUps.stop()
await database.close()
