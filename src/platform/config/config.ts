/**
 * The configuration: environment variables, read once at the start. Everything that is wrong is reported together, each
 * with how to mend it, so that nobody starts five times to learn of five mistakes. docs/reference/configuration.md has the table.
 */
import { isAbsolute, join } from 'node:path'
import { parseWhole, parseUrl, parseZone, type Reading } from './readings.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
export type Configuration = Readonly<{
  port: number
  host: string
  /** Absolute. Holds the embedded database and what else must outlive the process. */
  dataFolder: string
  /** A PostgreSQL of the operator's own; undefined means the embedded one. */
  databaseUrl: string | undefined
  ownerKey: string | undefined
  /** Whether the demo shop's data are offered on an empty database. */
  demo: boolean
  reservationTtlSeconds: number
  promiseTtlSeconds: number
  /** Cents an order must save to be sent another way than was planned; 0: plans stay as they are. */
  replanSaving: number
  /** Whether units that run short are dearer to orders that could come from elsewhere. */
  scarcity: boolean
  /** `outside`: the shop settles payment itself; `required`: an order waits for its payment here. */
  payment: 'outside' | 'required'
  /** `auto`: the dialects need no key while the server listens on this machine only. */
  openDialects: 'auto' | 'off'
  smtpUrl: string | undefined
  mailFrom: string | undefined
  logLevel: LogLevel
  timeZone: string
  /** Where customers reach us, without a slash at the end. */
  publicUrl: string | undefined
  /** What is odd and yet no reason not to start, each a sentence for the log. */
  warnings: readonly string[]
}>
export type Environment = Readonly<Record<string, string | undefined>>

const ownerKeyLengthMin = 1
/** Shorter ones are fine on one's own machine and nowhere else. */
const ownerKeyLengthSafe = 16
const ownerKeyLengthMax = 200
/** Thirty days: a longer one is a mistake in units (milliseconds, most likely). */
const reservationTtlSecondsMax = 2_592_000
/** A day: what is promised longer is a reservation. */
const promiseTtlSecondsMax = 86_400
/** A thousand of most currencies: nothing saves more on one order, so more is a mistake in units. */
const replanSavingMax = 100_000
const projectRoot = join(import.meta.dirname, '..', '..', '..')

/** The configuration, or all that is wrong with it, each as a sentence that names the variable and the cure. */
export const readConfiguration = (env: Environment): Configuration | Readonly<{ problems: readonly string[] }> => {
  const problems: string[] = []
  const warnings: string[] = []
  /** An empty variable counts as an absent one: compose files and shells cannot always leave one out. */
  const read = <Value, Absent>(name: Variable, absent: Absent, parse: (text: string) => Reading<Value>): Value | Absent => {
    const text = env[name]?.trim() ?? ''
    if (text === '') return absent
    const reading = parse(text)
    if ('value' in reading) return reading.value
    problems.push(`${name} ${reading.problem}`)
    return absent
  }
  const databaseUrl = read('DATABASE_URL', undefined, (text) =>
    parseUrl(text, ['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/waybill'),
  )
  const configuration: Configuration = {
    port: read('PORT', 8080, (text) => parseWhole(text, 0, 65_535)),
    host: read('HOST', '127.0.0.1', parseHost),
    dataFolder: read('WAYBILL_DATA', join(projectRoot, '.waybill'), parseFolder),
    databaseUrl,
    ownerKey: read('WAYBILL_OWNER_KEY', undefined, parseOwnerKey),
    demo: read('WAYBILL_DEMO', databaseUrl === undefined ? 'on' : 'off', (text) => parseChoice(text, ['on', 'off'])) === 'on',
    reservationTtlSeconds: read('WAYBILL_RESERVATION_TTL', 1800, (text) => parseWhole(text, 1, reservationTtlSecondsMax)),
    promiseTtlSeconds: read('WAYBILL_PROMISE_TTL', 900, (text) => parseWhole(text, 1, promiseTtlSecondsMax)),
    replanSaving: read('WAYBILL_REPLAN_SAVING', 50, (text) => parseWhole(text, 0, replanSavingMax)),
    scarcity: read('WAYBILL_SCARCITY', 'on', (text) => parseChoice(text, ['on', 'off'])) === 'on',
    payment: read('WAYBILL_PAYMENT', 'outside', (text) => parseChoice(text, ['outside', 'required'])),
    openDialects: read('WAYBILL_OPEN_DIALECTS', 'auto', (text) => parseChoice(text, ['auto', 'off'])),
    smtpUrl: read('WAYBILL_SMTP_URL', undefined, (text) => parseUrl(text, ['smtp:', 'smtps:'], 'smtp://user:password@host:587')),
    mailFrom: read('WAYBILL_MAIL_FROM', undefined, parseSender),
    logLevel: read('WAYBILL_LOG_LEVEL', 'info', (text) => parseChoice(text, logLevels)),
    timeZone: read('WAYBILL_TIME_ZONE', 'Europe/London', parseZone),
    publicUrl: read('WAYBILL_PUBLIC_URL', undefined, parsePublicUrl),
    warnings,
  }
  // Only a value that is there can be said to lack its partner: a malformed one is already reported.
  if (configuration.smtpUrl !== undefined && (env['WAYBILL_MAIL_FROM'] ?? '').trim() === '') {
    problems.push('WAYBILL_MAIL_FROM is missing: mails sent through WAYBILL_SMTP_URL need a sender, e.g. orders@example.com')
  }
  for (const name of Object.keys(env)) {
    if (name.startsWith('WAYBILL_') && !isKnown(name)) warnings.push(`${name} is not known${likely(name)}: it changes nothing`)
  }
  if (configuration.ownerKey !== undefined && configuration.ownerKey.length < ownerKeyLengthSafe)
    warnings.push('WAYBILL_OWNER_KEY is short enough to be guessed: make one with  openssl rand -hex 24')
  return problems.length === 0 ? configuration : { problems }
}

export const variables = [
  'PORT',
  'HOST',
  'WAYBILL_DATA',
  'DATABASE_URL',
  'WAYBILL_OWNER_KEY',
  'WAYBILL_DEMO',
  'WAYBILL_RESERVATION_TTL',
  'WAYBILL_PROMISE_TTL',
  'WAYBILL_REPLAN_SAVING',
  'WAYBILL_SCARCITY',
  'WAYBILL_PAYMENT',
  'WAYBILL_OPEN_DIALECTS',
  'WAYBILL_SMTP_URL',
  'WAYBILL_MAIL_FROM',
  'WAYBILL_LOG_LEVEL',
  'WAYBILL_TIME_ZONE',
  'WAYBILL_PUBLIC_URL',
  'WAYBILL_SIMULATED_PAYMENT',
  'WAYBILL_PAYMENT_WEBHOOK_SECRET',
  'WAYBILL_SIMULATED_CARRIER',
  'WAYBILL_CARRIER_WEBHOOK_SECRET',
] as const
type Variable = (typeof variables)[number]

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Set by our own scripts and tests, for nobody else to set: they are not in the table. */
const isInternal = (name: string): boolean => name === 'WAYBILL_WATCH_PARENT' || name.startsWith('WAYBILL_TEST_')

const isKnown = (name: string): boolean => isInternal(name) || variables.some((known) => known === name)

/** The known name that a mistyped one most likely means: the same letters but for separators and their order. */
const likely = (name: string): string => {
  const letters = (text: string): string => Array.from(text.replaceAll('_', '')).sort().join('')
  const meant = variables.find((known) => letters(known) === letters(name) || known.startsWith(name) || name.startsWith(known))
  return meant === undefined ? '' : ` (${meant}?)`
}

const parseChoice = <Choice extends string>(text: string, choices: readonly Choice[]): Reading<Choice> => {
  const value = choices.find((choice) => choice === text.toLowerCase())
  return value === undefined ? { problem: `must be one of ${choices.join(', ')}, not "${text}"` } : { value }
}

const parseHost = (text: string): Reading<string> =>
  /^[\w.:%-]+$/.test(text)
    ? { value: text }
    : { problem: `must be a host name or an address, such as 127.0.0.1 or 0.0.0.0, not "${text}"` }

const parseFolder = (text: string): Reading<string> => {
  if (text.startsWith('~'))
    return { problem: `must not begin with ~, which only a shell understands: write the folder out, not "${text}"` }
  return { value: isAbsolute(text) ? text : join(projectRoot, text) }
}

/** Never repeats the key: a log is no place for it. */
const parseOwnerKey = (text: string): Reading<string> => {
  if (/\s/.test(text)) return { problem: 'must not contain spaces' }
  if (text.length >= ownerKeyLengthMin && text.length <= ownerKeyLengthMax) return { value: text }
  return {
    problem: `must have ${ownerKeyLengthMin} to ${ownerKeyLengthMax} characters, and has ${text.length}: make one with  openssl rand -hex 24`,
  }
}

const parseSender = (text: string): Reading<string> =>
  /^(?:[^<>]+ )?<?[^\s<>@]+@[^\s<>@]+>?$/.test(text)
    ? { value: text }
    : { problem: `must be a mail address such as orders@example.com or "My Shop <orders@example.com>", not "${text}"` }

const parsePublicUrl = (text: string): Reading<string> => {
  const reading = parseUrl(text, ['http:', 'https:'], 'https://orders.example.com')
  return 'value' in reading ? { value: reading.value.replace(/\/+$/, '') } : reading
}
