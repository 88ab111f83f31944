/** Text as it may stand in a header, in HTML, and before people's eyes. Pure. */
import type { Day } from '../kernel/ids.ts'
import { type Currency, minorDigits, toMajor } from '../kernel/money.ts'

/** Longer names are no names; a subject line of more is cut by every mail program. */
const oneLineMax = 200

/** Without anything that ends a line or steers a terminal: what others wrote can start no header of its own. */
export const oneLine = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- Control characters are exactly what must go.
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim()
    .slice(0, oneLineMax)
    .toWellFormed()

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign)

/** Only web addresses become links. */
export const safeUrl = (url: string | undefined): string | undefined =>
  url !== undefined && /^https?:\/\/[^\s"<>]+$/.test(url) ? url : undefined

/** `1150` in GBP → `£11.50`, with as many digits as the currency has. */
export const printMoney = (minor: number, currency: Currency): string => {
  const digits = minorDigits(currency)
  const format = { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits } as const
  return new Intl.NumberFormat('en-GB', format).format(toMajor(minor, currency))
}

/** `1150` in GBP → `11.50`, for machines. */
export const decimal = (minor: number, currency: Currency): string => toMajor(minor, currency).toFixed(minorDigits(currency))

const dayFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
})
export const printDay = (day: Day): string => dayFormat.format(new Date(`${day}T00:00:00Z`))

/** What a provider said, without the addresses and numbers that providers like to repeat: it is kept in a log. */
export const withoutPersonalData = (text: string): string =>
  oneLine(text)
    .replaceAll(/[^\s<>]+@[^\s<>]+/g, '(address)')
    .replaceAll(/\+?\d[\d ().-]{6,}\d/g, '(number)')
