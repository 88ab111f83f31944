/**
 * Who waits gets what, and when: the rules on small cases that people can follow, then on 20,000 random queues by a checker
 * that shares no code with what it checks.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Day } from '../kernel/ids.ts'
import { type Allotment, allot, type Demand, dueOn, type Supply } from './atp.ts'

const day = (number: number): Day => `2026-12-${String(number).padStart(2, '0')}` as Day
const lot = (id: string, on: number, quantity: number, more: Partial<Supply> = {}): Supply => ({
  id,
  day: day(on),
  quantity,
  ...more,
})
const wants = (id: string, quantity: number, promised?: number, more: Partial<Demand> = {}): Demand => ({
  id,
  quantity,
  priority: 0,
  at: id,
  ...(promised === undefined ? {} : { promised: day(promised) }),
  ...more,
})
/** `a: 3@2026-12-05`, and what nobody has for it as `3@never`. */
const said = ({ byDemand }: Allotment): readonly string[] =>
  [...byDemand]
    .map(([id, { parts, unfilled }]) =>
      [
        id,
        ...parts.map((part) => `${part.quantity}@${Number(part.day.slice(8))}`),
        ...(unfilled > 0 ? [`${unfilled}@never`] : []),
      ].join(' '),
    )
    .sort()
/** As the queue stands after it was told. */
const told = (demands: readonly Demand[], { byDemand }: Allotment): readonly Demand[] =>
  demands.map((demand) => {
    const { day: expected, unfilled } = byDemand.get(demand.id) ?? assert.fail()
    return { ...demand, expected, lost: unfilled }
  })

describe('Those who wait', () => {
  it('get the earliest supply in the order in which they came, in parts where it comes in parts', () => {
    const answer = allot([lot('x', 5, 4), lot('y', 9, 6)], [wants('a', 3), wants('b', 3), wants('c', 3)])
    assert.deepEqual(said(answer), ['a 3@5', 'b 1@5 2@9', 'c 3@9'])
    assert.deepEqual(answer.free, [lot('y', 9, 1)])
  })

  it('are passed by a higher priority only where nothing was promised', () => {
    const urgent = wants('z', 2, undefined, { priority: 9 })
    assert.deepEqual(said(allot([lot('x', 5, 2), lot('y', 9, 2)], [wants('a', 2), urgent])), ['a 2@9', 'z 2@5'])
    assert.deepEqual(said(allot([lot('x', 5, 2), lot('y', 9, 2)], [wants('a', 2, 5), urgent])), ['a 2@5', 'z 2@9'])
  })

  it('keep their day when somebody behind them was promised an earlier one', () => {
    assert.deepEqual(said(allot([lot('x', 5, 2), lot('y', 9, 2)], [wants('a', 2, 9), wants('b', 2, 5)])), ['a 2@9', 'b 2@5'])
  })

  it('are put off from the end of the queue when their supply is late', () => {
    const queue = [wants('a', 2, 5), wants('b', 2, 5), wants('c', 2, 9)]
    const late = allot([lot('x', 5, 2), lot('y', 9, 2), lot('x2', 12, 2)], queue)
    assert.deepEqual(said(late), ['a 2@5', 'b 2@12', 'c 2@9'])
    // The next delay puts off whoever is late already before it breaks a promise.
    const later = allot([lot('x', 5, 2), lot('y', 14, 2), lot('x2', 12, 2)], told(queue, late))
    assert.deepEqual(said(later), ['a 2@5', 'b 2@12', 'c 2@14'])
  })

  it('are not put off when something comes early', () => {
    const queue = [wants('a', 1, 5), wants('b', 1, 10)]
    const before = told(queue, allot([lot('x', 10, 1)], queue))
    assert.deepEqual(said(allot([lot('x', 10, 1)], before)), ['a 1@never', 'b 1@10'])
    assert.deepEqual(said(allot([lot('x', 5, 1)], before)), ['a 1@never', 'b 1@5'])
    assert.deepEqual(said(allot([lot('x', 10, 1), lot('y', 6, 1)], before)), ['a 1@6', 'b 1@10'])
  })

  it('leave to be promised only what nobody needs, and of a lot no more than may be sold ahead', () => {
    assert.deepEqual(allot([lot('x', 5, 4)], [wants('a', 4)]).free, [])
    assert.deepEqual(allot([lot('x', 5, 10, { sellable: 6 })], [wants('a', 4)]).free, [lot('x', 5, 2, { sellable: 6 })])
    assert.deepEqual(allot([lot('x', 5, 10, { sellable: 3 })], [wants('a', 4)]).free, [])
  })

  it('expect what is overdue as late as that supplier usually is, and never today', () => {
    assert.equal(dueOn(day(9), day(9)), day(9))
    assert.equal(dueOn(day(8), day(9)), day(10))
    assert.equal(dueOn(day(8), day(9), 4), day(13))
    assert.equal(dueOn(day(8), day(9), 0), day(10))
  })
})

const runs = Number(process.env['WAYBILL_TEST_RUNS'] ?? 20_000)
const supply = fc.array(fc.record({ on: fc.integer({ min: 1, max: 20 }), quantity: fc.integer({ min: 1, max: 8 }) }), {
  maxLength: 5,
})
const demand = fc.array(
  fc.record({
    quantity: fc.integer({ min: 1, max: 6 }),
    priority: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    at: fc.integer({ min: 10, max: 40 }),
    promised: fc.option(fc.integer({ min: 0, max: 22 }), { nil: undefined, freq: 4 }),
  }),
  { minLength: 1, maxLength: 7 },
)
const change = fc.record({
  do: fc.constantFrom('late', 'early', 'less', 'lost', 'more', 'another'),
  which: fc.nat(10),
  by: fc.integer({ min: 1, max: 9 }),
  quantity: fc.integer({ min: 1, max: 6 }),
})

const changed = (
  supplies: readonly Supply[],
  { do: what, which, by, quantity }: typeof change extends fc.Arbitrary<infer T> ? T : never,
) => {
  if (what === 'another') return [...supplies, lot('new', by, quantity)]
  return supplies.flatMap((one, at) => {
    if (at !== which % supplies.length) return [one]
    const on = Number(one.day.slice(8))
    if (what === 'late') return [{ ...one, day: day(Math.min(28, on + by)) }]
    if (what === 'early') return [{ ...one, day: day(Math.max(1, on - by)) }]
    if (what === 'more') return [{ ...one, quantity: one.quantity + quantity }]
    return what === 'lost' || one.quantity <= quantity ? [] : [{ ...one, quantity: one.quantity - quantity }]
  })
}
const betters = new Set(['early', 'more', 'another'])

/** Whether these units can all be had by these days: one by one, the most urgent takes the first that is left. */
const fits = (supplies: readonly Supply[], wanted: readonly Readonly<{ units: number; by: string }>[]): boolean => {
  const units = supplies.flatMap(({ day: on, quantity }) => new Array<string>(quantity).fill(on)).sort()
  const urgent = wanted.flatMap(({ units: count, by }) => new Array<string>(count).fill(by)).sort()
  return urgent.every((by, at) => (units[at] ?? '9') <= by)
}

const before = (a: Demand, b: Demand): boolean =>
  a.priority !== b.priority ? a.priority > b.priority : a.at !== b.at ? a.at < b.at : a.id < b.id
const unitsBy = (answer: Allotment, id: string, by: string): number =>
  (answer.byDemand.get(id)?.parts ?? []).reduce((sum, part) => (part.day <= by ? sum + part.quantity : sum), 0)

/** Rules that hold of every answer. */
const checkAnswer = (supplies: readonly Supply[], demands: readonly Demand[], answer: Allotment): void => {
  const used = new Map<string, number>()
  for (const { id, quantity } of demands) {
    const { parts, unfilled, day: last } = answer.byDemand.get(id) ?? assert.fail(`${id} was forgotten`)
    let units = unfilled
    for (const part of parts) {
      assert.ok(part.quantity > 0)
      assert.equal(supplies.find((one) => one.id === part.supply)?.day, part.day)
      used.set(part.supply, (used.get(part.supply) ?? 0) + part.quantity)
      units += part.quantity
    }
    assert.equal(units, quantity, `units of ${id}`)
    assert.equal(
      last,
      parts
        .map((part) => part.day)
        .sort()
        .at(-1),
    )
  }
  for (const { id, quantity } of supplies) {
    const free = answer.free.find((one) => one.id === id)?.quantity ?? 0
    assert.ok(free >= 0)
    assert.equal((used.get(id) ?? 0) + free, quantity, `units of supply ${id} are counted once, and all of them`)
  }
  // Nobody waits for later supply, or for none, while earlier is free.
  for (const { byDemand, free } of [answer])
    for (const [id, { day: last, unfilled }] of byDemand)
      for (const one of free) assert.ok(unfilled === 0 && (last ?? '') <= one.day, `${id} waits, and ${one.id} is free`)
  // All promises are kept where all can be.
  const promised = demands.flatMap(({ quantity, promised: by }) => (by === undefined ? [] : [{ units: quantity, by }]))
  if (fits(supplies, promised))
    for (const { id, quantity, promised: by } of demands)
      if (by !== undefined) assert.equal(unitsBy(answer, id, by), quantity, `${id} could be kept`)
  // Among those without a promise, nobody gets a unit before somebody who stands before him has all of his.
  const open = demands.filter(({ promised: by }) => by === undefined)
  for (const one of open)
    for (const other of open)
      if (before(one, other)) {
        const first = answer.byDemand.get(other.id)?.parts[0]?.day
        const last = (answer.byDemand.get(one.id)?.unfilled ?? 0) > 0 ? '9' : answer.byDemand.get(one.id)?.day
        if (first !== undefined) assert.ok(last !== undefined && last <= first, `${other.id} passed ${one.id}`)
      }
}

/** Of units that were on course to keep their promise, one is put off only where it fits no more beside those before it. */
const checkTail = (supplies: readonly Supply[], demands: readonly Demand[], answer: Allotment): void => {
  const onCourse = demands.flatMap((one) => {
    const { promised: by, expected, lost = 0, quantity } = one
    return by !== undefined && (expected === undefined || expected <= by) ? [{ one, by, units: quantity - lost }] : []
  })
  for (const { one, by, units } of onCourse) {
    const kept = unitsBy(answer, one.id, by)
    if (kept >= units) continue
    const ahead = onCourse
      .filter((other) => before(other.one, one))
      .map((other) => ({ units: Math.min(other.units, unitsBy(answer, other.one.id, other.by)), by: other.by }))
    assert.ok(!fits(supplies, [...ahead, { units: kept + 1, by }]), `${one.id} was put off and somebody behind it was not`)
  }
}

describe('Random queues', () => {
  it(`of which ${runs} are handed out keep every rule, before and after their supply changes`, () => {
    let [moved, kept, delayed] = [0, 0, 0]
    fc.assert(
      fc.property(supply, demand, fc.array(change, { minLength: 1, maxLength: 3 }), (lots, waiting, changes) => {
        let supplies: readonly Supply[] = lots.map(({ on, quantity }, at) => lot(`lot ${at}`, on, quantity))
        let demands: readonly Demand[] = waiting.map(({ quantity, priority, at, promised }, index) => ({
          id: `order ${index}`,
          quantity,
          priority,
          at: String(at),
          ...(promised === undefined ? {} : { promised: day(promised) }),
        }))
        let answer = allot(supplies, demands)
        checkAnswer(supplies, demands, answer)
        checkTail(supplies, demands, answer)
        for (const one of changes) {
          demands = told(demands, answer)
          if (supplies.length === 0 && one.do !== 'another') break
          const next = changed(supplies, one).filter((each, at, all) => all.findIndex(({ id }) => id === each.id) === at)
          const again = allot(next, demands)
          checkAnswer(next, demands, again)
          checkTail(next, demands, again)
          for (const { id, quantity, promised, expected, lost = 0 } of demands) {
            if (promised === undefined) continue
            const bound = expected !== undefined && expected > promised ? expected : promised
            // What only got better puts nobody off beyond his promise, nor anybody further who was late.
            if (betters.has(one.do)) {
              const secured = Math.min(quantity - lost, unitsBy(answer, id, bound))
              assert.ok(unitsBy(again, id, bound) >= secured, `${id} was put off by better supply`)
              kept += 1
            }
          }
          moved += 1
          if (demands.some(({ id, promised }) => promised !== undefined && (again.byDemand.get(id)?.day ?? '9') > promised))
            delayed += 1
          ;[supplies, answer] = [next, again]
        }
      }),
      { numRuns: runs },
    )
    assert.ok(moved > runs / 2 && kept > runs && delayed > runs / 10, `${moved} changes, ${kept} kept, ${delayed} delayed`)
  })

  it('without anything new are handed out as before', () => {
    fc.assert(
      fc.property(supply, demand, (lots, waiting) => {
        const supplies = lots.map(({ on, quantity }, at) => lot(`lot ${at}`, on, quantity))
        const demands: readonly Demand[] = waiting.map(({ at, promised, ...rest }, index) => ({
          ...rest,
          id: `order ${index}`,
          at: String(at),
          ...(promised === undefined ? {} : { promised: day(promised) }),
        }))
        const once = allot(supplies, demands)
        const twice = allot(supplies.toReversed(), told(demands, once).toReversed())
        assert.deepEqual(said(twice), said(once))
      }),
      { numRuns: 2_000 },
    )
  })
})
