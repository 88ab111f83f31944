import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { createSourcer, type Levels, type Network, presets, type SourcingOrder } from '../sourcing/contract.ts'
import { defaults } from '../sourcing/network.ts'
import { memoryPolicies } from './policies-store.ts'
import { type ShadowAsked, Shadows } from './shadow-service.ts'

const town = (id: string, latitude: number) => ({
  ...defaults.warehouse,
  id: id as Place,
  name: id,
  country: 'GB',
  postalCode: id,
  latitude,
  longitude: -1.5,
})
const network: Network = {
  version: 'two@1',
  warehouses: [{ ...town('near', 53.7), pickCents: 2000 }, town('far', 51.5)],
  delivery: [defaults.delivery],
  transfer: defaults.transfer,
  lanes: 'all',
  overrides: [],
}
const [cheapest, closest] = presets
assert.ok(cheapest !== undefined && closest !== undefined)
const order: SourcingOrder = {
  at: '2026-11-24T09:00:00.000Z' as Instant,
  destination: { country: 'GB', postalCode: 'LS1', latitude: 53.8, longitude: -1.55 },
  lines: [{ sku: 'mug' as Sku, quantity: 1, grams: 300 }],
  allow: { backorder: [false], split: true, transfer: true },
}
const row = [5, 5]
const levels: Levels = { available: () => row, lots: () => [] }
const live = createSourcer(network, cheapest).source(order, levels)
const shadow = createSourcer(network, closest)
const asked: ShadowAsked = { policy: 'closest@1', day: '2026-11-24' as Day, sourcer: () => shadow, order, levels, live }

const stage = (backlog = 0) => {
  const repository = memoryPolicies()
  const faults: unknown[] = []
  const shadows = new Shadows({ repository, backlog: () => backlog, warn: (fault) => faults.push(fault) })
  const sums = async () => {
    await shadows.settled()
    await shadows.flush()
    return (await repository.shadowSums(['closest@1'])).get('closest@1')
  }
  return { shadows, sums, faults }
}

describe('A shadow policy', () => {
  it('is compared with what was decided, after that', async () => {
    const { shadows, sums } = stage()
    let decided = 0
    const counting = { ...shadow, source: (...both: Parameters<typeof shadow.source>) => (decided++, shadow.source(...both)) }
    shadows.offer({ ...asked, sourcer: () => counting })
    assert.equal(decided, 0)
    const found = await sums()
    assert.equal(decided, 1)
    assert.deepEqual([found?.orders, found?.differently, found?.parcelsDifference, found?.unfilledDifference], [1, 1, 0, 0])
    // Picking nearby costs 20.00 instead of 0.65; the journey of 250 km more costs about 0.30.
    assert.ok((found?.costDifference ?? 0) > 1800 && (found?.costDifference ?? 0) < 1935, `${found?.costDifference}`)
  })
  it('sees the levels of the decision, whatever happens to them afterwards', async () => {
    const { shadows, sums } = stage()
    const changing = [5, 5]
    shadows.offer({ ...asked, levels: { ...levels, available: () => changing } })
    changing.fill(0)
    assert.equal((await sums())?.unfilledDifference, 0)
  })
  it('gives way while placements wait', async () => {
    const { shadows, sums } = stage(100)
    shadows.offer(asked)
    const found = await sums()
    assert.deepEqual([found?.orders, found?.skipped], [0, 1])
  })
  it('lets no more wait than it says', async () => {
    const { shadows, sums } = stage()
    for (let k = 0; k < 300; k++) shadows.offer(asked)
    const found = await sums()
    assert.deepEqual([found?.orders, found?.skipped], [256, 44])
  })
  it('that fails is said and counted, and disturbs nobody', async () => {
    const { shadows, sums, faults } = stage()
    const broken = () => {
      throw new Error('planted')
    }
    shadows.offer({ ...asked, sourcer: broken })
    shadows.offer(asked)
    const found = await sums()
    assert.deepEqual([found?.orders, found?.skipped, faults.length], [1, 1, 1])
  })
  it('keeps its sums where they cannot be saved', async () => {
    const repository = memoryPolicies()
    let broken = true
    const shadows = new Shadows({
      repository: { addShadow: (rows) => (broken ? Promise.reject(new Error('planted')) : repository.addShadow(rows)) },
      backlog: () => 0,
      warn: () => undefined,
    })
    shadows.offer(asked)
    await shadows.settled()
    await assert.rejects(shadows.flush(), /planted/)
    broken = false
    await shadows.flush()
    assert.equal((await repository.shadowSums(['closest@1'])).get('closest@1')?.orders, 1)
  })
})
