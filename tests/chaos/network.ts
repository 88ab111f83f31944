/**
 * The line between Waybill and PostgreSQL, with the faults of a network. Our own rather than toxiproxy: that needs Go to be
 * built, which a machine that runs our tests need not have, and latency, cut and reset are a few lines on sockets.
 */
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'

type Pair = Readonly<{ client: Socket; database: Socket }>

export class Network {
  readonly #pairs = new Set<Pair>()
  readonly #server = createServer((client) => this.#join(client))
  readonly #database: EmbeddedConnection
  #latencyMs = 0
  #isCut = false

  private constructor(database: EmbeddedConnection) {
    this.#database = database
  }

  /** @param database listens on a Unix socket. */
  static async open(database: EmbeddedConnection): Promise<Network> {
    const network = new Network(database)
    await new Promise<void>((resolve) => network.#server.listen(0, '127.0.0.1', resolve))
    return network
  }

  get connection(): EmbeddedConnection {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the line is not open')
    return { ...this.#database, host: '127.0.0.1', port: address.port }
  }

  /** Each way of each packet takes longer, by half as much again or as much less. */
  slow(latencyMs: number): void {
    this.#latencyMs = latencyMs
  }

  /** Nothing passes, and nobody is told: neither those who are connected nor those who come. */
  cut(): void {
    this.#isCut = true
    for (const { client, database } of this.#pairs) {
      client.pause()
      database.pause()
    }
  }

  /** What was held back passes now, as TCP sends it again; every second line has given up meanwhile. */
  mend(): void {
    this.#isCut = false
    let turn = 0
    for (const { client, database } of this.#pairs) {
      turn += 1
      if (turn % 2 === 0) client.resetAndDestroy()
      client.resume()
      database.resume()
    }
  }

  reset(): number {
    const all = [...this.#pairs]
    for (const { client } of all) client.resetAndDestroy()
    return all.length
  }

  async close(): Promise<void> {
    this.reset()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket): void {
    const { host, port } = this.#database
    const database = connect(join(host, `.s.PGSQL.${port}`))
    const pair = { client, database }
    this.#pairs.add(pair)
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      let last = Promise.resolve()
      from.on('data', (bytes) => {
        if (this.#latencyMs === 0) return void to.write(bytes)
        const arrives = wait(this.#latencyMs * (0.5 + Math.random()))
        // In order, however late: it is a stream.
        last = last.then(() => arrives).then(() => void (to.writable && to.write(bytes)))
      })
      from.on('error', () => from.destroy())
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (this.#isCut) {
      client.pause()
      database.pause()
    }
  }
}
