import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { outwardCode, stableHash } from './addresses.ts'
import { addressBookIn } from './files-store.ts'

const { addressOf, geocode } = addressBookIn(join(import.meta.dirname, '../../data'))()

describe('The outward code of a British postcode', () => {
  const cases = {
    'LS1 4AP': 'LS1',
    ls14ap: 'LS1',
    LS1: 'LS1',
    LS14: 'LS14',
    'W1A 1AA': 'W1A',
    EC1A1BB: 'EC1A',
    'M1 1AE': 'M1',
    M11AE: 'M1',
    'LS1 4': 'LS1',
  }
  for (const [postcode, outward] of Object.entries(cases))
    it(`${postcode} is ${outward}`, () => assert.equal(outwardCode(postcode), outward))
  for (const postcode of ['', '10115', 'LEEDS', '1 High St'])
    it(`'${postcode}' has none`, () => assert.equal(outwardCode(postcode), undefined))
})

describe('Finding a place', () => {
  it('knows outward codes', () => assert.deepEqual(geocode('GB', 'LS1 4AP'), { latitude: 53.79674, longitude: -1.54754 }))
  it('takes the country in any case', () => assert.deepEqual(geocode('gb', 'LS1'), geocode('GB', 'LS1')))
  it('takes the middle of the area for a code newer than the list', () => {
    const { latitude, longitude } = geocode('GB', 'LS99 1AA') ?? { latitude: 0, longitude: 0 }
    assert.ok(Math.abs(latitude - 53.8) < 0.2 && Math.abs(longitude + 1.5) < 0.3, `${latitude}, ${longitude}`)
  })
  it('takes the middle of another country', () => {
    assert.deepEqual(geocode('DE', '10115'), geocode('DE'))
    assert.ok(Math.abs((geocode('DE')?.latitude ?? 0) - 51) < 1)
  })
  it('does not know what is none', () => {
    assert.equal(geocode('GB', 'nowhere'), undefined)
    assert.equal(geocode('GB', 'QQ1 1AA'), undefined)
    assert.equal(geocode('XX', '1'), undefined)
  })
})

describe('An address for a customer', () => {
  it('is the same whenever it is asked for', () => {
    // Written down: a change of the hash or the list would move every customer of a database that has imported before.
    assert.deepEqual(
      [addressOf('17850', 'United Kingdom').postalCode, addressOf('536365', 'United Kingdom').postalCode],
      ['GU18', 'NN7'],
    )
  })
  it('lies where the map has it', () => {
    const { country, postalCode, latitude, longitude } = addressOf('17850', 'United Kingdom')
    assert.deepEqual(geocode(country, postalCode), { latitude, longitude })
  })
  it('spreads over the country, and never to Jersey', () => {
    const found = Array.from({ length: 3000 }, (_, index) => addressOf(String(12_346 + index), 'United Kingdom'))
    assert.ok(new Set(found.map(({ postalCode }) => postalCode)).size > 1500)
    assert.deepEqual([...new Set(found.map(({ country }) => country))], ['GB'])
    assert.ok(found.every(({ city }) => city !== ''))
  })
  it('knows every country name of the file', () => {
    const names = {
      EIRE: 'IE',
      USA: 'US',
      RSA: 'ZA',
      'Hong Kong': 'HK',
      'Channel Islands': 'JE',
      'European Community': 'BE',
      Unspecified: 'GB',
    }
    const plain = { Germany: 'DE', 'Czech Republic': 'CZ', 'United Arab Emirates': 'AE', Spain: 'ES', Singapore: 'SG', Japan: 'JP' }
    for (const [name, country] of Object.entries({ ...names, ...plain })) assert.equal(addressOf('1', name).country, country)
  })
})

describe('The stable hash', () => {
  it('is the same for ever', () => assert.deepEqual([stableHash(''), stableHash('17850')], [2_872_998_923, 4_260_058_453]))
})
