import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byPriority, choosePolicy, type OrderFacts, policyOf, type PolicyText } from './policy.ts'
import { parsePolicy, worstCaseCentsMax } from './policy-check.ts'
import { cheapest, presets, presetText } from './presets.ts'
import { exactCentsMax } from './problem.ts'

const faults = (value: unknown): readonly string[] => {
  const parsed = parsePolicy(value)
  return 'errors' in parsed ? parsed.errors.map(({ pointer, code }) => `${pointer} ${code}`) : []
}
const details = (value: unknown): string => {
  const parsed = parsePolicy(value)
  return 'errors' in parsed ? parsed.errors.map(({ detail }) => detail).join('; ') : ''
}

describe('A policy', () => {
  it('has defaults for all that is left out', () => {
    const parsed = parsePolicy({ name: 'plain' }, 3)
    assert.ok('policy' in parsed)
    assert.deepEqual(parsed.policy, {
      id: 'plain@3',
      name: 'plain',
      version: 3,
      priority: 500,
      weights: { money: 1, km: 0, perUnitDay: 0, late: 0, split: 0, load: 0, scarcity: 1 },
      allow: { transfer: true, backorder: true, splitOrder: true, splitLine: 'whenNeeded' },
      limits: { maxParcels: null, maxTransfers: null, maxWaitDays: null },
      filters: {},
      ladder: null,
      when: {},
    })
  })
  it('weighs only what it names, when it names any weight', () =>
    assert.deepEqual(policyOf({ name: 'near', weights: { km: 2 } }, 1).weights, {
      money: 0,
      km: 2,
      perUnitDay: 0,
      late: 0,
      split: 0,
      load: 0,
      scarcity: 0,
    }))
  it('fills each step of its ladder from its own terms', () => {
    const { ladder } = policyOf({ name: 'a', limits: { maxParcels: 2 }, ladder: [{ limits: { maxWaitDays: 1 } }, {}] }, 1)
    assert.deepEqual(
      ladder?.map(({ limits }) => limits),
      [
        { maxParcels: 2, maxTransfers: null, maxWaitDays: 1 },
        { maxParcels: 2, maxTransfers: null, maxWaitDays: null },
      ],
    )
  })
  it('is each preset', () => {
    for (const { name } of presets) assert.deepEqual(faults(presetText(name)), [], name)
    assert.deepEqual(
      presets.map(({ id }) => id),
      ['cheapest@1', 'closest@1', 'fastest@1', 'fewestSplits@1', 'consolidate@1', 'loadBalanced@1'],
    )
    assert.deepEqual(cheapest.weights, { money: 1, km: 0, perUnitDay: 3, late: 200, split: 0, load: 0, scarcity: 1 })
  })
})

describe('A policy is refused', () => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['that is no object', 5, ' type'],
    ['without a name', {}, '/name required'],
    ['with a name that is no word', { name: '9@' }, '/name pattern'],
    ['with a field there is not', { name: 'a', weights: { mony: 1 } }, '/weights/mony unknown_field'],
    ['with a weight below 0', { name: 'a', weights: { money: -1 } }, '/weights/money minimum'],
    ['with a weight that is not finite', { name: 'a', weights: { km: Number.POSITIVE_INFINITY } }, '/weights/km type'],
    ['with a part of a cent', { name: 'a', weights: { split: 0.5 } }, '/weights/split type'],
    ['with weights that are all 0', { name: 'a', weights: { money: 0 } }, '/weights nothing_weighed'],
    [
      'with weights whose sum is not exact',
      { name: 'a', weights: { money: 1, late: 900_000_000 } },
      '/weights/late weights_too_large',
    ],
    ['with a word for a permission', { name: 'a', allow: { splitLine: 'always' } }, '/allow/splitLine const'],
    ['with no parcel at all', { name: 'a', limits: { maxParcels: 0 } }, '/limits/maxParcels minimum'],
    [
      'with a limit on what is not allowed',
      { name: 'a', allow: { transfer: false }, limits: { maxTransfers: 2 } },
      '/limits/maxTransfers no_effect',
    ],
    [
      'with several parcels of one',
      { name: 'a', allow: { splitOrder: false }, limits: { maxParcels: 2 } },
      '/limits/maxParcels no_effect',
    ],
    [
      'with days of no waiting',
      { name: 'a', allow: { backorder: false }, limits: { maxWaitDays: 2 } },
      '/limits/maxWaitDays no_effect',
    ],
    [
      'with a filter that lets in and shuts out',
      { name: 'a', filters: { warehouses: ['X'], exceptWarehouses: ['X'] } },
      '/filters/exceptWarehouses contradiction',
    ],
    ['with an empty filter', { name: 'a', filters: { countries: [] } }, '/filters/countries minItems'],
    ['with a step that is never reached', { name: 'a', ladder: [{}, {}] }, '/ladder/1 never_reached'],
    ['with a fault in a step', { name: 'a', ladder: [{ weights: { money: 0 } }] }, '/ladder/0/weights nothing_weighed'],
    ['for a total that cannot be', { name: 'a', when: { minTotal: 2, maxTotal: 1 } }, '/when/minTotal matches_nothing'],
  ]
  for (const [what, value, fault] of refused) it(what, () => assert.ok(faults(value).includes(fault), faults(value).join(', ')))

  it('with all its faults at once, each saying how to mend it', () => {
    const value = { name: 'a', weights: { money: 0 }, when: { minTotal: 2, maxTotal: 1 } }
    assert.deepEqual(faults(value), ['/weights nothing_weighed', '/when/minTotal matches_nothing'])
    assert.match(details(value), /give at least one, such as money: 1; .* swap them/)
  })
  it('where the sum is not exact, up to a weight that is accepted', () => {
    const least = Number(/lower perUnitDay to (\d+) or less/.exec(details({ name: 'a', weights: { perUnitDay: 2_000_000 } }))?.[1])
    assert.ok(least > 500_000)
    assert.deepEqual(faults({ name: 'a', weights: { perUnitDay: least } }), [])
    assert.ok(worstCaseCentsMax < exactCentsMax)
  })
})

describe('The policy for an order', () => {
  const order: OrderFacts = { shippingMethod: 'standard', country: 'GB', channel: 'web', total: 5000 }
  const live = (...texts: PolicyText[]) =>
    byPriority([...texts.map((text) => policyOf(text, 1)), ...presets.filter(({ name }) => ['cheapest', 'fastest'].includes(name))])
  const chosen = (policies: ReturnType<typeof live>, facts: Partial<OrderFacts> = {}) =>
    choosePolicy(policies, { ...order, ...facts })?.name

  it('is the cheapest, and the fastest where speed is asked for', () => {
    assert.equal(chosen(live()), 'cheapest')
    assert.equal(chosen(live(), { shippingMethod: 'express' }), 'fastest')
  })
  it('is the first by priority that matches', () => {
    const both = live({ name: 'second', priority: 20 }, { name: 'first', priority: 10, when: { channels: ['shop'] } })
    assert.equal(chosen(both), 'second')
    assert.equal(chosen(both, { channel: 'shop' }), 'first')
  })
  it('is found by each thing that may be asked', () => {
    const when = (each: NonNullable<PolicyText['when']>) => live({ name: 'special', priority: 1, when: each })
    const cases = [
      [{ channels: ['web'] }, {}, { channel: undefined }],
      [{ shippingMethods: ['slow'] }, { shippingMethod: 'slow' }, {}],
      [{ customerGroups: ['trade'] }, { group: 'trade' }, {}],
      [{ countries: ['GB'] }, {}, { country: 'FR' }],
      [{ minTotal: 5000 }, {}, { total: 4999 }],
      [{ maxTotal: 5000 }, {}, { total: 5001 }],
      [{ minTotal: 0 }, {}, { total: undefined }],
    ] as const
    for (const [each, yes, no] of cases) {
      const policies = when({ ...each } as NonNullable<PolicyText['when']>)
      assert.deepEqual([chosen(policies, yes), chosen(policies, no)], ['special', 'cheapest'], JSON.stringify(each))
    }
  })
})
