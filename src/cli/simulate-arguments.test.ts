import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Place } from '../kernel/ids.ts'
import { defaults, presets } from '../sourcing/contract.ts'
import { networkOf, policiesOf, rangeOf, stockOf } from './simulate-arguments.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-arguments-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, content: string): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('The range of orders to simulate', () => {
  it('is a number of them, days or order numbers', () => {
    assert.deepEqual(rangeOf(undefined), { last: 5_000 })
    assert.deepEqual(rangeOf('last:7'), { last: 7 })
    assert.deepEqual(rangeOf('2011-01-01..2011-03-31'), { from: '2011-01-01', to: '2011-03-31' })
    assert.deepEqual([rangeOf('2011-01-01..'), rangeOf('..2011-03-31')], [{ from: '2011-01-01' }, { to: '2011-03-31' }])
    assert.deepEqual(rangeOf('1001..6000'), { numbers: [1001, 6000] })
  })
  it('is said anew where it is none', () => {
    const wrongs = ['yesterday', '', '..', '2011-02-30..2011-03-01', '1001..', '1..2..3', '2011-01-01..6000', '1001']
    for (const text of wrongs) assert.throws(() => rangeOf(text), /: say last:5000, days like 2011-01-01/, text)
    for (const text of ['last:0', 'last:50001']) assert.throws(() => rangeOf(text), /say 1 to 50000/)
    assert.throws(() => rangeOf('2011-03-01..2011-02-01'), /2011-03-01 lies after 2011-02-01: swap them/)
    assert.throws(() => rangeOf('6000..1001'), /6000 is more than 1001: swap them/)
  })
})

describe('The stock of a simulation, as it is asked for', () => {
  it('is a word, a factor or a file', async () => {
    assert.equal(await stockOf(undefined), undefined)
    assert.equal(await stockOf('ample'), 'ample')
    assert.deepEqual(await stockOf('scale=0.8'), { scale: 0.8 })
    assert.deepEqual([await stockOf('fill=0.9'), await stockOf('fill=2,seed=7')], [{ fill: 0.9 }, { fill: 2, seed: 7 }])
    const path = file('stock.csv', 'productId,warehouse,quantity\nMUG,LDS,4\n')
    assert.deepEqual(await stockOf(path), { rows: [['MUG', 'LDS', 4]], words: `as in ${path}` })
  })
  it('is said anew where it is none', async () => {
    for (const text of ['plenty', 'fill', 'fill=a', 'scale=1,seed=2'])
      await assert.rejects(stockOf(text), /say current, ample, scale=0\.8/)
    for (const text of ['fill=11', 'scale=1.2.3']) await assert.rejects(stockOf(text), /the factor is a number from 0 to 10/)
    const path = file('bad.csv', 'productId,warehouse,quantity\nMUG,LDS,many\n')
    await assert.rejects(stockOf(path), /bad\.csv, row 2, quantity/)
  })
})

describe('The policies to compare', () => {
  const named = (name: string) => Promise.resolve(presets.find((preset) => preset.name === name || preset.id === name))
  it('are found by name or read from a file', async () => {
    const far = file('far.json', JSON.stringify({ name: 'far', weights: { km: 1 } }))
    const ids = async (...names: readonly string[]) => (await policiesOf(names, named)).map(({ id }) => id)
    assert.deepEqual(await ids('cheapest', 'closest@1', far), ['cheapest@1', 'closest@1', 'far'])
    assert.deepEqual(
      (await policiesOf(undefined, named)).map(({ name }) => name),
      ['cheapest', 'closest', 'fastest', 'fewestSplits'],
    )
  })
  it('are said anew where they are none', async () => {
    const refused = (expected: RegExp, ...names: readonly string[]) => assert.rejects(policiesOf(names, named), expected)
    await refused(/there is no policy dearest: name one of the shop's, like cheapest/, 'dearest')
    await refused(/policy cheapest@1 is there twice/, 'cheapest', 'cheapest@1')
    await refused(/9 policies are too many: at most 8/, ...Array.from({ length: 9 }, () => 'cheapest'))
    await refused(/\/weights\/monye there is no such field/, file('odd.json', '{"name":"odd","weights":{"monye":1}}'))
    await refused(/text\.json is not JSON/, file('text.json', 'cheap'))
    await refused(/there is no file/, join(folder, 'none.json'))
  })
})

describe('The network to simulate', () => {
  const place = (id: string) => ({
    ...defaults.warehouse,
    id: id as Place,
    name: id,
    country: 'GB',
    postalCode: '',
    latitude: 53,
    longitude: -1,
  })
  const network = {
    version: '1',
    warehouses: [place('LDS'), place('LON')],
    delivery: [defaults.delivery],
    transfer: defaults.transfer,
    lanes: 'all' as const,
    overrides: [],
  }
  const seen = { network, words: "the shop's own" }
  const geocode = (_country: string, postalCode: string) => (postalCode === 'B1' ? { latitude: 52, longitude: -2 } : undefined)
  const changed = (asked: Parameters<typeof networkOf>[1]) => networkOf(seen, asked, geocode)

  it('is the one there is, less and more', () => {
    assert.equal(changed({}), seen)
    const tariff = file('tariff.json', '{"transfer":{"fixedCents":1,"perKgCents":2,"transit":[{"upToKm":null,"days":3}]}}')
    const { network: other, words } = changed({ close: ['LON'], open: ['BHM=B1'], network: tariff })
    assert.deepEqual(
      other.warehouses.map(({ id, latitude }) => [id, latitude]),
      [
        ['LDS', 53],
        ['BHM', 52],
      ],
    )
    assert.equal(other.transfer.perKgCents, 2)
    assert.equal(words, `the shop's own, changed by ${tariff}, without LON, with BHM`)
  })
  it('is said anew where it is none', () => {
    assert.throws(() => changed({ close: ['nowhere'] }), /there is no warehouse nowhere; there are LDS, LON/)
    assert.throws(() => changed({ open: ['BHM'] }), /say it like --open BHM=B1/)
    assert.throws(() => changed({ open: ['BHM=ZZ'] }), /the postcode ZZ is not known/)
    assert.throws(() => changed({ network: file('net.json', '{"tariff":1}') }), /\/tariff there is no such field/)
    assert.throws(() => changed({ network: join(folder, 'none.json') }), /there is no file/)
  })
})
