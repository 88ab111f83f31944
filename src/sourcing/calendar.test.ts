import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Day, Instant } from '../kernel/ids.ts'
import {
  collectedOn,
  dayNumber,
  dayText,
  deliveredOn,
  localTime,
  minutesOf,
  openFrom,
  readyDay,
  weekdays,
  workDays,
} from './calendar.ts'

const monToFri = workDays([1, 2, 3, 4, 5])
const monToSat = workDays([1, 2, 3, 4, 5, 6])
const site = { works: monToFri, cutOffMinute: minutesOf('14:00'), handlingDays: 0 }
const ready = (zone: string, at: string, handlingDays = 0) =>
  dayText(readyDay(localTime(zone, at as Instant), { ...site, handlingDays }))
const day = (text: string) => dayNumber(text as Day)

describe('The day an order can leave', () => {
  it('is today before the cut-off', () => assert.equal(ready('Europe/London', '2026-11-24T13:59:59.000Z'), '2026-11-24'))
  it('is tomorrow from the cut-off on', () => assert.equal(ready('Europe/London', '2026-11-24T14:00:00.000Z'), '2026-11-25'))
  it('is Monday on a Saturday', () => assert.equal(ready('Europe/London', '2026-11-28T09:00:00.000Z'), '2026-11-30'))
  it('is Monday on a Friday afternoon', () => assert.equal(ready('Europe/London', '2026-11-27T15:00:00.000Z'), '2026-11-30'))
  it('counts handling in working days', () => assert.equal(ready('Europe/London', '2026-11-26T09:00:00.000Z', 2), '2026-11-30'))
  it('reads the clock of the warehouse, five hours behind', () => {
    assert.equal(ready('America/New_York', '2026-11-24T18:59:00.000Z'), '2026-11-24')
    assert.equal(ready('America/New_York', '2026-11-24T19:01:00.000Z'), '2026-11-25')
  })
  it('is the local day where UTC is on another', () => {
    assert.equal(ready('Asia/Tokyo', '2026-11-24T23:00:00.000Z'), '2026-11-25')
    assert.equal(ready('America/Los_Angeles', '2026-11-25T03:00:00.000Z'), '2026-11-25')
  })
  it('survives the weekend the clocks change', () => {
    assert.equal(ready('Europe/Berlin', '2026-10-26T12:59:00.000Z'), '2026-10-26')
    assert.equal(ready('Europe/Berlin', '2026-10-23T12:01:00.000Z'), '2026-10-26')
    assert.equal(ready('Europe/Berlin', '2026-03-30T11:59:00.000Z'), '2026-03-30')
  })
})

describe('The day a parcel arrives', () => {
  const days = { collect: monToFri, moving: monToFri, delivery: monToSat, transitDays: 1 }
  it('is collected on a day both work', () => assert.equal(dayText(collectedOn(day('2026-11-28'), days)), '2026-11-30'))
  it('counts transit in the carrier’s days', () => assert.equal(dayText(deliveredOn(day('2026-11-27'), days)), '2026-11-30'))
  it('is a delivery day', () => {
    const weekdaysOnly = { ...days, moving: monToSat, delivery: monToFri }
    assert.equal(dayText(deliveredOn(day('2026-11-27'), weekdaysOnly)), '2026-11-30')
  })
})

describe('A day that differs from its weekday', () => {
  const thursday = day('2026-12-24')
  const works = workDays([1, 2, 3, 4, 5], {
    closed: ['2026-12-24' as Day],
    open: ['2026-12-26' as Day],
    isHoliday: (at) => at === thursday + 1,
  })
  const open = (text: string) => works(day(text))
  it('is closed where it is named or a holiday', () => {
    assert.deepEqual(['2026-12-23', '2026-12-24', '2026-12-25', '2026-12-28'].map(open), [true, false, false, true])
  })
  it('is open where it is named, and others of its weekday are not', () => {
    assert.deepEqual(['2026-12-26', '2026-12-19'].map(open), [true, false])
    assert.equal(dayText(openFrom(thursday, works)), '2026-12-26')
  })
})

describe('A calendar that cannot be', () => {
  it('is refused', () => {
    assert.throws(() => weekdays([]), RangeError)
    assert.throws(() => weekdays([0]), RangeError)
    assert.throws(() => minutesOf('24:00'), RangeError)
    assert.throws(() => openFrom(0, () => false), RangeError)
  })
})
