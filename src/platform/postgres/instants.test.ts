import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { instantOf } from './instants.ts'

/** As PostgreSQL prints it in a session of so many minutes east of Greenwich. */
const printed = (ms: number, micros: number, minutesEast: number): string => {
  const local = new Date(ms + minutesEast * 60_000).toISOString()
  const fraction = `${local.slice(20, 23)}${String(micros).padStart(3, '0')}`.replace(/0+$/, '')
  const [hours, minutes] = [Math.floor(Math.abs(minutesEast) / 60), Math.abs(minutesEast) % 60].map((part) =>
    String(part).padStart(2, '0'),
  )
  const zone = `${minutesEast < 0 ? '-' : '+'}${hours}${minutes === '00' ? '' : `:${minutes}`}`
  return `${local.slice(0, 10)} ${local.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}${zone}`
}

describe('Instants of PostgreSQL', () => {
  it('are the same in every zone and with every fraction', () => {
    const zones = fc.constantFrom(0, 60, 330, -180, 765, -30)
    const times = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2200, 0, 1) })
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 999 }), zones, (ms, micros, minutesEast) => {
        assert.equal(instantOf(printed(ms, micros, minutesEast)), new Date(ms).toISOString())
      }),
    )
  })

  it('are refused where they are none', () => {
    for (const text of ['infinity', '', '2026-13-01 00:00:00.1+0']) assert.throws(() => instantOf(text), RangeError)
  })
})
