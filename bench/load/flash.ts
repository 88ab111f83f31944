/** The flash sale: so many buyers, one order each, over fewer connections. Who got no answer asks again with the same key. */
import type { AskedOf, Loaded } from './asked.ts'
import type { LoadConnection } from './connection.ts'
import { orderRequest, uniqueKeys } from './requests.ts'
import { Tally } from './tally.ts'

/** A server that was killed is back after a second or so. */
const askAgainMs = 100

export const flash = async (asked: AskedOf<'flash'>, connections: readonly LoadConnection[]): Promise<Loaded> => {
  const keys = uniqueKeys()
  const tally = new Tally(201, 409)
  const baskets = basketsOf(asked)
  const end = performance.now() + asked.secondsMax * 1_000
  let left = asked.buyers
  await Promise.all(
    connections.map(async (connection) => {
      const text = orderRequest(connection)
      while (left > 0) {
        const basket = baskets[left % baskets.length] ?? []
        left -= 1
        await buy(connection, text(keys(), basket), tally, end)
      }
    }),
  )
  return tally.loaded()
}

const buy = async (connection: LoadConnection, text: string, tally: Tally, end: number): Promise<void> => {
  const since = performance.now()
  for (;;) {
    if (await answered(connection, text, tally, since)) return
    tally.cut += 1
    if (performance.now() > end) throw new Error('a buyer got no answer in time')
    await new Promise((resolve) => setTimeout(resolve, askAgainMs))
  }
}

const answered = (connection: LoadConnection, text: string, tally: Tally, since: number): Promise<boolean> =>
  new Promise((resolve) =>
    connection.send(text, (answer) => {
      if (answer !== undefined && tally.take(answer, since) && answer.status === 201) tally.done += 1
      resolve(answer !== undefined)
    }),
  )

/** All sets of so many of the products, in a random order. */
const basketsOf = ({ products, first = 1, lines }: AskedOf<'flash'>): readonly (readonly string[])[] => {
  const skus = Array.from({ length: products }, (_, index) => `S${first + index}`)
  let baskets: string[][] = [[]]
  for (let line = 0; line < lines; line++)
    baskets = baskets.flatMap((basket) => skus.slice(skus.indexOf(basket.at(-1) ?? '') + 1).map((sku) => [...basket, sku]))
  return baskets
    .map((basket) => ({ basket, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ basket }) => basket)
}
