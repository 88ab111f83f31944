/** A promise is the placement rehearsed: what it says is what a placement made next does, in memory and on PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Day, Instant } from '../../src/kernel/ids.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import type { Live } from '../../src/orders/order.ts'
import { rehearse } from '../../src/orders/promise.ts'
import { asked, day, draft, freshKey, type Heart, hearts, leeds, line, sku, stocked, york } from '../support/heart.ts'
import { later, today } from '../support/stock.ts'

const origin = { actor: 'test' }
/** A plain generator, so that a failure can be run again. */
const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
const seen = ({ progress }: Live) => {
  const { plan, promised, expected, totals, counters } = progress
  return { plan, promised, expected, totals, counters }
}

for (const [form, open] of Object.entries(hearts)) {
  describe(`A promise in ${form}`, () => {
    let on: Heart
    before(async () => {
      on = await open()
    })
    after(() => on.close())
    const look = async (lines: readonly PlacedLine[]) => {
      const skus = lines.map((each) => each.sku)
      const stockOf = await on.inventory.look(skus, true)
      return rehearse(draft(lines), { stock: stockOf(skus), source: on.inventory.source, at: on.clock.now })
    }
    const place = async (lines: readonly PlacedLine[]) => {
      const outcome = await on.placement.place(asked(lines))
      return isRefusal(outcome) ? outcome : outcome.order
    }

    it('says what the placement then does, for baskets that are had, wait, are shortened or refused', async () => {
      const random = numbers(20_261_121)
      for (const name of ['a', 'b', 'c']) {
        await stocked(on, name, leeds, 5 + random(20))
        await stocked(on, name, york, 5 + random(20))
        const supply = {
          do: 'expect',
          sku: sku(name),
          place: leeds,
          day: '2027-01-01' as Day,
          quantity: 10,
          kind: 'purchase',
        } as const
        await on.inventory.handle({ command: supply, origin })
      }
      const outcomes = new Map<string, number>()
      const count = (name: string): void => void outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
      for (let round = 0; round < 60; round++) {
        const policies = ['refuse', 'cancelLine', 'backorder'] as const
        const lines = Array.from({ length: 1 + random(3) }, () =>
          line(['a', 'b', 'c'][random(3)] ?? 'a', 1 + random(5), { ifShort: policies[random(3)] ?? 'refuse' }),
        )
        const promised = await look(lines)
        const ordered = await place(lines)
        if (isRefusal(promised)) {
          // With `cancelLine` a placement takes the order and cancels all of it: for that there is no day.
          if (isRefusal(ordered)) assert.deepEqual(promised, ordered)
          else assert.equal(ordered.progress.status, 'cancelled')
          count(isRefusal(ordered) ? 'refused' : 'cancelled')
          continue
        }
        assert.ok(!isRefusal(ordered), JSON.stringify(ordered))
        assert.deepEqual(seen(promised), seen(ordered))
        count(ordered.progress.counters.backordered.some((units) => units > 0) ? 'waiting' : 'had')
      }
      for (const name of ['had', 'waiting', 'refused', 'cancelled']) assert.ok((outcomes.get(name) ?? 0) > 0, `none ${name}`)
    })

    it('takes nothing: the same again, and the same for whoever asks in the same moment', async () => {
      await stocked(on, 'vase', leeds, 3)
      const lines = [line('vase', 3)]
      const stockOf = await on.inventory.look([sku('vase')], false)
      const of = () => rehearse(draft(lines), { stock: stockOf([sku('vase')]), source: on.inventory.source, at: on.clock.now })
      const first = of()
      assert.ok(!isRefusal(first))
      assert.deepEqual(of(), first)
      assert.deepEqual(await look(lines), first)
      assert.equal((await on.stockStore.readLevels([sku('vase')]))[0]?.reserved, 0)
    })

    const keepable = { expiresAt: '2999-01-01T00:00:00.000Z' as Instant }
    const promisedFor = (lines: readonly PlacedLine[], promised: Day, promise = keepable) =>
      on.placement.place({ ...asked(lines), draft: draft(lines, { promised }), promise })

    it('is frozen in the order, however the plan turns out', async () => {
      await stocked(on, 'bowl', leeds, 10)
      const outcome = await promisedFor([line('bowl', 1)], day('2026-11-28'))
      assert.ok(!isRefusal(outcome))
      assert.deepEqual([outcome.order.progress.promised, outcome.order.progress.expected], ['2026-11-28', today])
      const stored = (await on.orderStore.get([outcome.id])).get(outcome.id)?.state
      assert.ok(stored?.status === 'live')
      assert.deepEqual([stored.progress.promised, stored.progress.expected], ['2026-11-28', today])
    })

    it('is refused where the plan is later, and leaves nothing behind, among others that are placed', async () => {
      await stocked(on, 'cup', leeds, 10)
      const [kept, late, other] = await Promise.all([
        promisedFor([line('cup', 1)], today),
        promisedFor([line('cup', 2)], day('2026-11-20')),
        on.placement.place(asked([line('cup', 3)])),
      ])
      assert.ok(!isRefusal(kept) && !isRefusal(other))
      assert.ok(isRefusal(late) && late.refused === 'promise_not_kept', JSON.stringify(late))
      assert.deepEqual(late.about, { promised: '2026-11-20', possible: today })
      assert.equal((await on.stockStore.readLevels([sku('cup')]))[0]?.reserved, 4)
    })

    it('holds for what waits for supply as well', async () => {
      await stocked(on, 'late', leeds, 1)
      const supply = { do: 'expect', sku: sku('late'), place: leeds, day: later, quantity: 5, kind: 'purchase' } as const
      await on.inventory.handle({ command: supply, origin })
      const lines = [line('late', 2, { ifShort: 'backorder' })]
      const early = await promisedFor(lines, today)
      assert.ok(isRefusal(early) && early.refused === 'promise_not_kept')
      assert.ok(!isRefusal(await promisedFor(lines, later)))
    })

    it('ends at its instant, and its order is answered again for its key', async () => {
      await stocked(on, 'jug', leeds, 10)
      const key = freshKey()
      const lines = [line('jug', 1)]
      const first = await on.placement.place({
        ...asked(lines, { key, promise: keepable }),
        draft: draft(lines, { promised: today }),
      })
      assert.ok(!isRefusal(first))
      const over = { expiresAt: '2020-01-01T00:00:00.000Z' as Instant }
      const expired = await promisedFor(lines, today, over)
      assert.ok(isRefusal(expired) && expired.refused === 'promise_expired')
      const again = await on.placement.place({ ...asked(lines, { key, promise: over }), draft: draft(lines, { promised: today }) })
      assert.ok(!isRefusal(again) && again.replayed && again.id === first.id)
    })
  })
}
