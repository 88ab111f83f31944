/**
 * Keeps sample histories of this release (DESIGN §13, Event versions): the next release must fold them to the same states.
 * Run on a database in which `waybill demo` has been played:  node scripts/keep-histories.ts FILE  (WAYBILL_DATA or DATABASE_URL)
 */
import { writeFileSync } from 'node:fs'
import { withShop } from '../src/cli/session.ts'
import { streamTables } from '../src/shop-tables.ts'
import { envelopeColumns } from '../src/platform/bus/journal.ts'

const file = process.argv[2]
if (file === undefined) throw new Error('say which file to write')
/** Of each kind of history, by the types of its events in order, one is kept; so many kinds of a table at most. */
const kindsMax = 12

await withShop(async ({ shop }) => {
  const tables = [{ table: 'orders.orders' }, ...streamTables]
  const kept: unknown[] = []
  for (const { table } of tables) {
    const streams = await shop.database.read<{ id: string }>(
      `select min(id::text) as id from (select o.id, string_agg(j.type, ',' order by j.version) as kind from ${table} o join platform.journal j on j.stream = o.id group by o.id) k group by kind order by count(*) desc limit ${kindsMax}`,
    )
    for (const { id } of streams) {
      const events = await shop.database.read<Record<string, unknown>>(
        `select ${envelopeColumns} from platform.journal where stream = $1 order by version`,
        [id],
      )
      const [row] = await shop.database.read<Record<string, unknown>>(
        `select version, ${table === 'orders.orders' ? 'progress' : 'state'} as state from ${table} where id = $1`,
        [id],
      )
      kept.push({ table, id, events, ...row })
    }
  }
  writeFileSync(file, `${kept.map((history) => JSON.stringify(history)).join('\n')}\n`)
})
