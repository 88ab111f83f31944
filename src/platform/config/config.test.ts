import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Configuration, type Environment, readConfiguration, variables } from './config.ts'

const read = (env: Environment): Configuration => {
  const result = readConfiguration(env)
  if ('problems' in result) assert.fail(result.problems.join('\n'))
  return result
}
const problemsOf = (env: Environment): readonly string[] => {
  const result = readConfiguration(env)
  return 'problems' in result ? result.problems : []
}

describe('The configuration', () => {
  it('needs nothing at all', () => {
    assert.deepEqual(read({}), {
      port: 8080,
      host: '127.0.0.1',
      dataFolder: join(import.meta.dirname, '..', '..', '..', '.waybill'),
      databaseUrl: undefined,
      ownerKey: undefined,
      demo: true,
      reservationTtlSeconds: 1800,
      promiseTtlSeconds: 900,
      replanSaving: 50,
      scarcity: true,
      payment: 'outside',
      openDialects: 'auto',
      smtpUrl: undefined,
      mailFrom: undefined,
      logLevel: 'info',
      timeZone: 'Europe/London',
      publicUrl: undefined,
      warnings: [],
    })
  })

  it('takes what is set', () => {
    const { port, dataFolder, payment, publicUrl, demo } = read({
      PORT: '9000',
      WAYBILL_DATA: '/srv/waybill',
      WAYBILL_PAYMENT: 'required',
      WAYBILL_PUBLIC_URL: 'https://shop.example.com/',
      WAYBILL_DEMO: 'off',
    })
    assert.deepEqual(
      [port, dataFolder, payment, publicUrl, demo],
      [9000, '/srv/waybill', 'required', 'https://shop.example.com', false],
    )
  })

  it('takes an empty variable for an absent one', () => assert.equal(read({ PORT: '', DATABASE_URL: ' ' }).port, 8080))

  it('offers no demo on a database of your own, unless told to', () => {
    const DATABASE_URL = 'postgresql://me:secret@db/shop'
    assert.equal(read({ DATABASE_URL }).demo, false)
    assert.equal(read({ DATABASE_URL, WAYBILL_DEMO: 'on' }).demo, true)
  })

  it('reports every mistake at once', () => {
    const wrong = {
      PORT: '80a',
      HOST: 'a b',
      WAYBILL_DATA: '~/waybill',
      DATABASE_URL: 'mysql://x',
      WAYBILL_OWNER_KEY: 'two words',
      WAYBILL_DEMO: 'maybe',
      WAYBILL_RESERVATION_TTL: '1800000000',
      WAYBILL_PROMISE_TTL: '15m',
      WAYBILL_PAYMENT: 'later',
      WAYBILL_OPEN_DIALECTS: 'on',
      WAYBILL_SMTP_URL: 'mail.example.com',
      WAYBILL_MAIL_FROM: 'nobody',
      WAYBILL_LOG_LEVEL: 'loud',
      WAYBILL_TIME_ZONE: 'Mars/Olympus',
      WAYBILL_PUBLIC_URL: 'shop',
    }
    assert.deepEqual(
      problemsOf(wrong).map((problem) => problem.split(' ')[0]),
      variables.filter((name) => name in wrong).sort(byTable),
    )
  })

  it('wants a sender with a mail server', () => {
    assert.match(problemsOf({ WAYBILL_SMTP_URL: 'smtp://localhost:25' }).join(), /^WAYBILL_MAIL_FROM is missing/)
  })

  it('warns of a variable that it does not know, and guesses what was meant', () => {
    assert.match(read({ WAYBILL_LOGLEVEL: 'info' }).warnings.join(), /WAYBILL_LOGLEVEL is not known \(WAYBILL_LOG_LEVEL\?\)/)
    assert.deepEqual(read({ WAYBILL_WATCH_PARENT: '1', WAYBILL_TEST_DATABASE: '{}', PATH: '/bin' }).warnings, [])
  })

  it('warns of an owner’s key that can be guessed', () => {
    assert.match(read({ WAYBILL_OWNER_KEY: 'short' }).warnings.join(), /WAYBILL_OWNER_KEY/)
    assert.deepEqual(read({ WAYBILL_OWNER_KEY: 'long-enough-for-anybody' }).warnings, [])
  })

  it('never repeats a secret', () => {
    const secret = 'hunter2 hunter2'
    assert.doesNotMatch(problemsOf({ WAYBILL_OWNER_KEY: secret, DATABASE_URL: secret, WAYBILL_SMTP_URL: secret }).join(), /hunter2/)
  })

  it('is what docs/reference/configuration.md says, name by name', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'reference', 'configuration.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
    assert.deepEqual(rows, variables)
  })
})

/** DATABASE_URL is read first, as the demo depends on it. */
const byTable = (one: string, other: string): number => Number(other === 'DATABASE_URL') - Number(one === 'DATABASE_URL')
