/** Many customers at once, each with a key, over keep-alive connections: what each heard, and what nobody answered. */
import { Agent, request } from 'node:http'
import { ownerKey } from './waybill.ts'

export type Heard = Readonly<{ status: number; body: unknown; replayed: boolean }>

export class Crowd {
  readonly #agent: Agent
  readonly #url: URL

  constructor(url: string, connections: number) {
    this.#url = new URL(url)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** @returns undefined where no answer came: it may or may not have happened. */
  ask(method: string, path: string, body: unknown, key?: string): Promise<Heard | undefined> {
    const text = JSON.stringify(body)
    return new Promise((resolve) => {
      const asked = request(
        {
          agent: this.#agent,
          hostname: this.#url.hostname,
          port: this.#url.port,
          path,
          method,
          headers: {
            authorization: `Bearer ${ownerKey}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
            ...(key === undefined ? {} : { 'idempotency-key': key }),
          },
        },
        (answer) => {
          let said = ''
          answer.setEncoding('utf8').on('data', (part: string) => (said += part))
          answer.once('error', () => resolve(undefined))
          answer.once('aborted', () => resolve(undefined))
          answer.once('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              body: said === '' ? undefined : JSON.parse(said),
              replayed: answer.headers['idempotent-replayed'] === 'true',
            }),
          )
        },
      )
      asked.once('error', () => resolve(undefined))
      asked.end(text)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Runs `work` on every item, so many at a time. */
export const crowded = async <Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> => {
  const left = items.toReversed()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item)
    }),
  )
}
