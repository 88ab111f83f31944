/** The closed loop: every connection asks again as soon as it is answered. */
import type { AskedOf, Loaded } from './asked.ts'
import type { LoadConnection } from './connection.ts'
import { anySku, orderRequest, pairRequest, someSkus, uniqueKeys } from './requests.ts'
import { insist, Tally } from './tally.ts'

export const placeOrders = async (asked: AskedOf<'place'>, connections: readonly LoadConnection[]): Promise<Loaded> => {
  const keys = uniqueKeys()
  const tally = new Tally(201).during(asked.seconds)
  const { lines = 2 } = asked
  await Promise.all(
    connections.map((connection) => {
      const pair = pairRequest(connection)
      const many = orderRequest(connection)
      const text = lines === 2 ? () => pair(keys(), anySku(asked), anySku(asked)) : () => many(keys(), someSkus(asked, lines))
      return repeat(connection, text, tally)
    }),
  )
  return tally.loaded()
}

/** Asks until the end has come. Without promises: at ten thousand a second they would show. */
const repeat = (connection: LoadConnection, text: () => string, tally: Tally): Promise<void> =>
  new Promise((resolve, reject) => {
    let since = 0
    const ask = (): void => {
      since = performance.now()
      if (since >= tally.end) return resolve()
      insist(connection, text(), tally, (answer, fault) => {
        if (answer === undefined) return reject(fault ?? new Error('no answer'))
        if (answer.status === 503) return resolve()
        if (tally.take(answer, since)) tally.done += 1
        ask()
      })
    }
    ask()
  })

/** Two-line orders on all connections but the last, which sends a large one every so often. Latencies are the small ones'. */
export const placeBesides = async (asked: AskedOf<'neighbours'>, connections: readonly LoadConnection[]): Promise<Loaded> => {
  const keys = uniqueKeys()
  const tally = new Tally(201).during(asked.seconds)
  const [large, ...small] = connections
  if (large === undefined) throw new Error('neighbours need connections')
  await Promise.all([
    asked.largeEveryMs > 0 ? placeLarge(large, asked, keys, tally.end) : Promise.resolve(),
    ...small.map((connection) => {
      const pair = pairRequest(connection)
      return repeat(connection, () => pair(keys(), anySku(asked), anySku(asked)), tally)
    }),
  ])
  return tally.loaded()
}

const placeLarge = async (
  connection: LoadConnection,
  { largeEveryMs, largeLines, ...range }: AskedOf<'neighbours'>,
  keys: () => string,
  end: number,
): Promise<void> => {
  const text = orderRequest(connection)
  for (let due = performance.now(); due < end; due += largeEveryMs) {
    const status = await statusOf(connection, text(keys(), someSkus(range, largeLines)))
    if (status !== 201) throw new Error(`an order of ${largeLines} lines was answered with ${status}`)
    const early = due + largeEveryMs - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
  }
}

const statusOf = (connection: LoadConnection, text: string): Promise<number> =>
  new Promise((resolve, reject) =>
    connection.send(text, (answer, fault) =>
      answer === undefined ? reject(fault ?? new Error('no answer')) : resolve(answer.status),
    ),
  )
