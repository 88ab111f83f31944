import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { costOfSequence, decideExactly } from '../../bench/scarcity/policies.ts'
import { itemCount, outside, parcelCosts, placeCount, settingOf, unitCosts } from '../../bench/scarcity/setting.ts'
import { type Replayed, replay, type ReplayOrder, type ReplayQuestion } from './replay.ts'

type Buyer = 'north' | 'south'
type Question = ReplayQuestion<Buyer>
/** One product, two places: north is 100 dearer to serve from the south, south 500 dearer from the north. */
const dearer: Readonly<Record<Buyer, readonly [number, number]>> = { north: [0, 100], south: [500, 0] }
const decide: Question['decide'] = (buyer, prices, take) => {
  const cost = (place: 0 | 1) => dearer[buyer][place] + (prices[place] ?? 0)
  take(0, cost(0) <= cost(1) ? 0 : 1, 1)
}
const order = (buyer: Buyer, times: number, product = 0): ReplayOrder<Buyer> => ({
  order: buyer,
  times,
  lines: [{ product, quantity: 1 }],
})
const asked = (stock: readonly number[], more: Partial<Question> = {}): Question => ({
  orders: [order('north', 30), order('south', 30)],
  weight: [1],
  places: 2,
  stock,
  start: null,
  step: 200,
  decide,
  ...more,
})
const answer = (question: Question): Replayed => {
  const search = replay(question)
  for (;;) {
    const { done, value } = search.next()
    if (done === true) return value
  }
}

describe('The replay price', () => {
  it('asks nothing for what is ample', () => {
    const { prices, decisions } = answer(asked([40, 40]))
    assert.equal(prices, null)
    assert.equal(decisions, 2)
  })

  it('decides nothing at all where all orders to come fit into every place', () => {
    assert.deepEqual(answer(asked([60, 60])), { prices: null, forecast: new Float64Array(2), decisions: 0 })
  })

  it('makes dear what the orders to come would use up, by what the next best place costs more', () => {
    const { prices, forecast } = answer(asked([10, 60]))
    assert.deepEqual([...forecast], [30, 30])
    // A unit in the north spares a later buyer 100: at about that price it is the same where from.
    const [north = 0, south = 0] = prices ?? []
    assert.ok(north >= 80 && north <= 130, `${north}`)
    assert.equal(south, 0)
  })

  it('counts what a unit of the sample stands for', () => {
    assert.equal(answer(asked([40, 40], { weight: [1] })).prices, null)
    assert.notEqual(answer(asked([40, 80], { weight: [2] })).prices, null)
  })

  it('leaves a product alone that is not scarce, whatever it cost before', () => {
    const two = asked([10, 60, 40, 40], {
      orders: [order('north', 30), order('south', 30), order('north', 30, 1)],
      weight: [1, 1],
      start: [90, 0, 70, 70],
    })
    const { prices } = answer(two)
    assert.deepEqual([...(prices ?? [])].slice(2), [0, 0])
  })

  it('is the same however often it is asked, and whatever stands between its steps', () => {
    assert.deepEqual(answer(asked([10, 60])), answer(asked([10, 60])))
  })

  it('goes on from the prices in force', () => {
    const [from100 = 0] = answer(asked([10, 60], { start: [100, 0] })).prices ?? []
    assert.ok(from100 >= 90 && from100 <= 110, `${from100}`)
  })

  it('pauses after every decision, so that nobody waits for more than one', () => {
    let running = 0
    let most = 0
    const counting = asked([10, 60], {
      decide: (...all) => {
        running++
        most = Math.max(most, running)
        decide(...all)
      },
    })
    const search = replay(counting)
    while (search.next().done !== true) running = 0
    assert.equal(most, 1)
  })
})

/** All ways to send an order's products, one by one: shares nothing with the engine. */
const cheapestOfAll = (city: number, items: readonly number[], stock: Float64Array, prices: Float64Array | null): number => {
  const used = new Set<number>()
  const from = (i: number, sum: number): number => {
    const item = items[i]
    if (item === undefined) return [...used].reduce((total, place) => total + (parcelCosts[place] ?? 0), sum)
    let best = Number.POSITIVE_INFINITY
    for (let place = 0; place <= outside; place++) {
      const pair = item * placeCount + place
      if ((stock[pair] ?? 0) < 1) continue
      const isNew = !used.has(place)
      used.add(place)
      best = Math.min(best, from(i + 1, sum + (unitCosts[city]?.[place] ?? 0) + (prices?.[pair] ?? 0)))
      if (isNew) used.delete(place)
    }
    return best
  }
  return from(0, 0)
}

describe('The published setting', () => {
  it('is decided by the engine as by trying everything', () => {
    const setting = settingOf(3, 0.75, 200)
    const prices = Float64Array.from({ length: itemCount * placeCount }, (_, pair) =>
      pair % placeCount === outside ? 0 : (pair * 7_919) % 30_000,
    )
    for (let city = 0; city < 10; city++)
      for (const items of [[0], [1, 4], [2, 9, 11], [3, 5, 8, 13, 17]]) {
        const { cost, places } = decideExactly({ city, items }, setting.stock, prices)
        const priced = items.reduce((sum, item, i) => sum + (prices[item * placeCount + (places[i] ?? 0)] ?? 0), cost)
        assert.equal(priced, cheapestOfAll(city, items, setting.stock, prices))
        assert.equal(decideExactly({ city, items }, setting.stock, null).cost, cheapestOfAll(city, items, setting.stock, null))
      }
  })

  it('is cheaper decided exactly than by the nearest place, and cheaper still under prices', () => {
    const sums = { closest: 0, myopic: 0, replay: 0 }
    for (const instance of [1, 3, 4]) {
      const setting = settingOf(instance, 0.75, 2_000)
      for (const way of ['closest', 'myopic', 'replay'] as const) sums[way] += costOfSequence(setting, instance, 2_000, way)
    }
    assert.ok(sums.myopic <= 0.98 * sums.closest, `exact ÷ closest is ${sums.myopic / sums.closest}`)
    assert.ok(sums.replay <= 0.965 * sums.myopic, `priced ÷ exact is ${sums.replay / sums.myopic}`)
  })
})
