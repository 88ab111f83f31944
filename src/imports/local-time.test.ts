import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instantIn, readWallClock } from './local-time.ts'

const london = (text: string): string => instantIn('Europe/London', readWallClock(text) ?? Number.NaN)

describe('The clocks of London', () => {
  it('are UTC in winter', () => assert.equal(london('2010-12-01 08:26:00'), '2010-12-01T08:26:00.000Z'))
  it('are an hour ahead in summer', () => assert.equal(london('2011-06-30 20:08:00'), '2011-06-30T19:08:00.000Z'))
  it('change in the night to the last Sunday of March', () => {
    assert.equal(london('2011-03-27 00:59:00'), '2011-03-27T00:59:00.000Z')
    assert.equal(london('2011-03-27 02:00:00'), '2011-03-27T01:00:00.000Z')
  })
  it('skip an hour then: a time in it is moved on', () => assert.equal(london('2011-03-27 01:30:00'), '2011-03-27T01:30:00.000Z'))
  it('show an hour twice in October: the first counts', () =>
    assert.equal(london('2011-10-30 01:30:00'), '2011-10-30T00:30:00.000Z'))
  it('are back in winter after it', () => assert.equal(london('2011-10-30 02:00:00'), '2011-10-30T02:00:00.000Z'))
})

describe('Reading a wall clock', () => {
  it('takes a time without seconds, and the T of ISO', () =>
    assert.equal(readWallClock('2010-12-01T08:26'), Date.UTC(2010, 11, 1, 8, 26)))
  for (const text of [
    '',
    '01/12/2010 08:26',
    '2011-02-29 08:26:00',
    '2010-12-01 24:00:00',
    '2010-13-01 08:00:00',
    '2010-12-01 08:60:00',
  ]) {
    it(`refuses '${text}'`, () => assert.equal(readWallClock(text), undefined))
  }
})
