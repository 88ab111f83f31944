/** Properties of the sourcing engine, held by a checker and an enumeration that share no code with it. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Instance, Plan } from '../../src/sourcing/instance.ts'
import { solve } from '../../src/sourcing/solve.ts'
import { anyShape, dice, randomInstance, shuffled } from '../support/sourcing-random.ts'
import { enumerateWhole, faults, servedWhole } from '../support/sourcing-reference.ts'
import { frozen, type Property, sumOf } from './property.ts'

const drawn = (linesMax: number, placesMax: number): fc.Arbitrary<Instance> =>
  fc
    .tuple(fc.nat(2 ** 31), fc.integer({ min: 1, max: linesMax }), fc.integer({ min: 1, max: placesMax }))
    .map(([seed, lines, places]) => {
      const roll = dice(seed)
      return randomInstance(roll, anyShape(roll, lines, places))
    })
/**
 * As the compiler lays real supply: put away no sooner than the place works. An instance may say otherwise, and then a unit on
 * the shelf, which leaves on the place's first working day, is worth less than one that is announced for a day before it.
 */
const putAway = (x: Instance): Instance => ({
  ...x,
  incoming: x.incoming.map((lots) => lots.map((lot) => ({ ...lot, day: Math.max(lot.day, x.wh[lot.w]?.ready0 ?? 0) }))),
})
const isWhole = (x: Instance): boolean => x.qty.every((_, line) => servedWhole(x, line))
const solved = (x: Instance): Plan => solve(frozen(x))

export const sourcingProperties: readonly Property[] = [
  {
    name: 'a plan serves every unit or says which lines it leaves out, takes no more than a place has, and its parts sum to its cost',
    invariant: 'I3',
    property: fc.property(drawn(7, 5), (x) => assert.deepEqual(faults(x, solved(x)), [])),
  },
  {
    name: 'a large order too is served from what there is, and its plan is priced as it stands',
    invariant: 'I3',
    property: fc.property(fc.nat(2 ** 31), (seed) => {
      const roll = dice(seed)
      const x = randomInstance(roll, { ...anyShape(roll, 13 + roll(4), 2 + roll(3)), density: 90 })
      const plan = solved(x)
      assert.deepEqual(faults(x, plan), [])
      assert.ok(plan.gap >= 0 && plan.gap <= 1 && plan.optimal === (plan.gap === 0 || plan.cost === null))
    }),
  },
  {
    name: 'no plan is cheaper than the one that is called optimal: every other was tried',
    property: fc.property(drawn(3, 3), (x) => {
      fc.pre(isWhole(x))
      const plan = solved(x)
      const best = enumerateWhole(x)
      assert.equal(plan.optimal, true)
      assert.deepEqual([plan.cost, plan.parcels], best === null ? [null, 0] : [best.cost, best.parcels])
    }),
  },
  {
    name: 'lines in another order cost the same',
    property: fc.property(drawn(6, 4), fc.nat(1_000), (x, seed) => {
      fc.pre(isWhole(x))
      const order = shuffled(
        dice(seed),
        x.qty.map((_, line) => line),
      )
      const lines = <Value>(row: readonly Value[]): Value[] => order.flatMap((line) => row.slice(line, line + 1))
      const moved = {
        ...x,
        qty: lines(x.qty),
        grams: lines(x.grams),
        stock: lines(x.stock),
        incoming: lines(x.incoming),
        shadow: x.shadow === null ? null : lines(x.shadow),
        pol: { ...x.pol, unfilled: lines(x.pol.unfilled) },
      }
      assert.equal(solved(moved).cost, solved(x).cost)
    }),
  },
  {
    name: 'more stock never makes an order dearer, and a plan is the same every time it is made',
    property: fc.property(drawn(5, 4).map(putAway), fc.nat(4), fc.nat(3), (x, line, place) => {
      fc.pre(isWhole(x))
      const plan = solved(x)
      assert.deepEqual(solved(x), plan)
      const stock = x.stock.map((row, i) => row.map((units, w) => (i === line % x.n && w === place % x.W ? units + 9 : units)))
      const richer = solved({ ...x, stock })
      assert.ok((richer.cost ?? Number.POSITIVE_INFINITY) <= (plan.cost ?? Number.POSITIVE_INFINITY))
    }),
  },
  {
    name: 'the units of a plan are those of the order: none lost between parcels, none made',
    invariant: 'I4',
    property: fc.property(drawn(8, 5), (x) => {
      const plan = solved(x)
      for (const [line, units] of x.qty.entries()) {
        const sent = sumOf(plan.shipments.flatMap(({ lines }) => lines.map((part) => (part.line === line ? part.quantity : 0))))
        assert.equal(sent, plan.unfilled.includes(line) ? 0 : units)
      }
      assert.ok(
        plan.shipments.every(
          ({ lines, day, arrives }) => lines.length > 0 && arrives >= day && lines.every((part) => part.day <= day),
        ),
      )
    }),
  },
]
