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
/** Most texts hold none of them: looking costs a fifth of replacing. */
export const escapeHtml = (text: string): string =>
  /[&<>"']/.test(text) ? text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign) : text

/** Only web addresses become links. */
export const safeUrl = (url: string | undefined): string | undefined =>
  url !== undefined && /^https?:\/\/[^\s"<>]+$/.test(url) ? url : undefined

/** Making one costs forty times as much as using it. ISO 4217 has fewer than 200 currencies, and orders name no other. */
const moneyFormats = new Map<Currency, Intl.NumberFormat>()
const moneyFormatsMax = 200
const moneyFormat = (currency: Currency): Intl.NumberFormat => {
  const known = moneyFormats.get(currency)
  if (known !== undefined) return known
  const digits = minorDigits(currency)
  const format = new Intl.NumberFormat('en-GB', {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  if (moneyFormats.size < moneyFormatsMax) moneyFormats.set(currency, format)
  return format
}

/** `1150` in GBP → `£11.50`, with as many digits as the currency has. */
export const printMoney = (minor: number, currency: Currency): string => moneyFormat(currency).format(toMajor(minor, currency))

/** `1150` in GBP → `11.50`, for machines. */
export const decimal = (minor: number, currency: Currency): string => toMajor(minor, currency).toFixed(minorDigits(currency))

const dayFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
})
/** Messages of one time name few days, and the same ones over and over. */
const printedDays = new Map<Day, string>()
const printedDaysMax = 1_000
export const printDay = (day: Day): string => {
  const known = printedDays.get(day)
  if (known !== undefined) return known
  const printed = dayFormat.format(new Date(`${day}T00:00:00Z`))
  if (printedDays.size >= printedDaysMax) printedDays.clear()
  printedDays.set(day, printed)
  return printed
}

/** What a provider said, without the addresses and numbers that providers like to repeat: it is kept in a log. */
export const withoutPersonalData = (text: string): string =>
  oneLine(text)
    .replaceAll(/[^\s<>]+@[^\s<>]+/g, '(address)')
    .replaceAll(/\+?\d[\d ().-]{6,}\d/g, '(number)')
