/** Instants as PostgreSQL writes them, in the form in which everything else has them. */
import type { Instant } from '../../kernel/ids.ts'
import { instant } from '../../kernel/time.ts'

const inUtc = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?\d*\+00$/

/**
 * @param text `2026-11-22 01:03:51.123456+00`: in whatever zone the session has; below a millisecond it is cut off. In UTC,
 * as most servers are, its parts are put together anew, which costs a sixth of parsing and printing it.
 */
export const instantOf = (text: string): Instant => {
  const parts = inUtc.exec(text)
  if (parts === null) return instant(Date.parse(text))
  const [, day, time, fraction = '.'] = parts
  return `${day}T${time}${fraction.padEnd('.000'.length, '0')}Z` as Instant
}
