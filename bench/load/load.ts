/** The load, a process of its own: `load.ts '{"scenario": …}'` prints what it measured as its last line. */
import type { LoadAsked, Loaded } from './asked.ts'
import { placeBesides, placeOrders } from './closed.ts'
import { LoadConnection } from './connection.ts'
import { flash } from './flash.ts'
import { travel } from './journey.ts'
import { placeWhenDue } from './open.ts'

const run = (asked: LoadAsked, connections: readonly LoadConnection[]): Promise<Loaded> => {
  switch (asked.scenario) {
    case 'place':
      return placeOrders(asked, connections)
    case 'open':
      return placeWhenDue(asked, connections)
    case 'flash':
      return flash(asked, connections)
    case 'journey':
      return travel(asked, connections)
    case 'neighbours':
      return placeBesides(asked, connections)
  }
}

const asked = JSON.parse(process.argv[2] ?? '{}') as LoadAsked
const headers = `authorization: Bearer ${asked.key}\r\n`
const connections = Array.from({ length: asked.connections }, () => new LoadConnection(asked.url, headers))
const loaded = await run(asked, connections)
process.stdout.write(`${JSON.stringify(loaded)}\n`)
for (const connection of connections) connection.close()
