/** What properties are held against: plain values that several of them share. */
import fc from 'fast-check'
import type { Day, Instant, Place, Sku } from '../../src/kernel/ids.ts'
import { instant } from '../../src/kernel/time.ts'
import type { LineUnits } from '../../src/orders/contract.ts'

/** Of 0, 2 and 3 decimals, and one that nobody knows. */
export const currency = fc.constantFrom('JPY', 'KRW', 'ISK', 'GBP', 'EUR', 'USD', 'KWD', 'BHD', 'TND', 'XXX')

/** Texts that break readers: half characters, NUL, quotes, formulas, digits of other scripts, names of prototypes. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  '\ud800',
  '\udc00x',
  '\u202e',
  '\ufeff',
  'NaN',
  'Infinity',
  '-0',
  '1e3',
  '0x10',
  '1_000',
  '10,00',
  '٣',
  '９',
  '=HYPERLINK("x")',
  '@x',
  '"',
  '""',
  "'; drop table orders; --",
  '__proto__',
  'constructor',
  'toString',
  'a\nb',
  'a\r\nb',
  '{{7*7}}',
  '<script>',
  '9007199254740993',
)
export const anyText = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.tuple(nasty, fc.string({ maxLength: 8 }), nasty).map((parts) => parts.join('')),
  fc.stringMatching(/^[-+]?[0-9., ]{0,20}$/),
)
/** As any text, and one that a database can hold. */
export const plainText = anyText.map((text) => text.replaceAll('\0', '').toWellFormed())

export const leeds = 'leeds' as Place
export const york = 'york' as Place
export const hull = 'hull' as Place
export const place = fc.constantFrom(leeds, york, hull)
export const sku = fc.constantFrom('mug' as Sku, 'pen' as Sku, 'set' as Sku)
export const id = fc.constantFrom('a', 'b', 'c')

export const at = instant(Date.parse('2026-11-21T10:00:00Z'))
/** Between 1971 and 2170, to the second. */
export const moment = fc.integer({ min: 31_536_000, max: 6_311_000_000 }).map((seconds): Instant => instant(seconds * 1_000))
export const soon = fc.integer({ min: 0, max: 200 }).map((hours): Instant => instant(Date.parse(at) + hours * 3_600_000))
export const day = fc.integer({ min: 0, max: 73_000 }).map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10) as Day)
export const zone = fc.constantFrom(
  'UTC',
  'Europe/London',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'America/Sao_Paulo',
  'Asia/Beirut',
)

/** Units of some of the first lines; a line may be named twice. */
export const unitsOf = (lines: number, most = 4): fc.Arbitrary<readonly LineUnits[]> =>
  fc.array(fc.record({ line: fc.nat(lines - 1), quantity: fc.integer({ min: 1, max: most }) }), { minLength: 1, maxLength: 3 })
