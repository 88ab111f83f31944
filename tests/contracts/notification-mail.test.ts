/** What every way of sending a mail must do, on a real SMTP server and on the readable outbox. */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { PersonRef } from '../../src/kernel/ids.ts'
import { newId } from '../../src/platform/ids.ts'
import type { Database } from '../../src/platform/postgres/database.ts'
import { outboxMail } from '../../src/notifications/adapters/outbox-store.ts'
import { type Mail, type MailPort, Undeliverable } from '../../src/notifications/adapters/ports.ts'
import { smtpMail } from '../../src/notifications/adapters/smtp.ts'
import { databaseWith } from './insight-story.ts'

type Received = Readonly<{ to: readonly string[]; raw: string }>
type MailServer = Readonly<{ url: string; received: Received[]; answer: { code?: number }; stop: () => Promise<void> }>

/** Accepts everything from anyone, unless told to answer RCPT with a code. */
const mailServer = async (): Promise<MailServer> => {
  const received: Received[] = []
  const answer: { code?: number } = {}
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: (address, _session, done) => {
      if (answer.code === undefined) return done()
      done(Object.assign(new Error(`no mailbox ${address.address}`), { responseCode: answer.code }))
    },
    onData: (stream, session, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        received.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(parts).toString('utf8') })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return { url: `smtp://127.0.0.1:${port}`, received, answer, stop: () => new Promise((resolve) => server.close(resolve)) }
}

const person = newId('2026-01-01T00:00:00.000Z' as never) as string as PersonRef
const mailTo = (address: string, more: Partial<Mail> = {}): Mail => ({
  id: newId('2026-01-01T00:00:00.000Z' as never),
  person,
  to: { name: 'Zoë Żółć', address },
  subject: 'Your order 1042: £17.45, grüße ☃',
  text: 'Hello Zoë,\n\n6 × Żółć ☃ £17.45\n',
  html: '<p>6 × Żółć ☃ £17.45</p>',
  ...more,
})

let server: MailServer
let smtp: MailPort
let database: Database
let close: () => Promise<void>

before(async () => {
  server = await mailServer()
  smtp = smtpMail(server.url, 'The Shop <orders@shop.example>')
  ;({ database, close } = await databaseWith('notifications'))
})
after(async () => {
  await smtp.close()
  await server.stop()
  await close()
})

const decoded = (raw: string): string =>
  raw
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'))
const words = (header: string): string =>
  header
    .replaceAll(/\?=\s+=\?UTF-8\?[QB]\?/gi, '')
    .replaceAll(/=\?UTF-8\?Q\?(.*?)\?=/gi, (_, text: string) => decoded(text.replaceAll('_', ' ')))
    .replaceAll(/=\?UTF-8\?B\?(.*?)\?=/gi, (_, text: string) => Buffer.from(text, 'base64').toString('utf8'))
const headersOf = (raw: string): string => raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n\s+/g, ' ')
const header = (raw: string, name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'im').exec(headersOf(raw))?.[1]

describe('A mail through an SMTP server', () => {
  it('arrives in UTF-8 with its sender, its recipient and the notification as its Message-ID', async () => {
    const mail = mailTo('zoe@example.com')
    await smtp.send(mail)
    const { to, raw } = server.received.at(-1) ?? assert.fail('nothing arrived')
    assert.deepEqual(to, ['zoe@example.com'])
    assert.equal(words(header(raw, 'Subject') ?? ''), mail.subject)
    assert.equal(words(header(raw, 'To') ?? ''), 'Zoë Żółć <zoe@example.com>')
    assert.equal(header(raw, 'From'), 'The Shop <orders@shop.example>')
    assert.equal(header(raw, 'Message-ID'), `<${mail.id}@shop.example>`)
    assert.equal(header(raw, 'Auto-Submitted'), 'auto-generated')
    const bodies = raw
      .split(/\r\n--.*\r\n/)
      .map((part) =>
        /base64/i.test(part) ? Buffer.from(part.slice(part.indexOf('\r\n\r\n')), 'base64').toString() : decoded(part),
      )
    assert.ok(bodies.some((body) => body.includes('6 × Żółć ☃ £17.45')))
    assert.ok(bodies.some((body) => body.includes('<p>6 × Żółć')))
  })

  it('gains no header and no recipient from what others wrote', async () => {
    const evil = 'Eve\r\nBcc: victim@example.com\r\nX-Evil: yes'
    await smtp.send(mailTo('eve@example.com', { to: { name: evil, address: 'eve@example.com' }, subject: evil, text: evil }))
    const { to, raw } = server.received.at(-1) ?? assert.fail('nothing arrived')
    assert.deepEqual(to, ['eve@example.com'])
    assert.equal(header(raw, 'Bcc'), undefined)
    assert.equal(header(raw, 'X-Evil'), undefined)
  })

  it('is undeliverable where the server knows no such mailbox, and tried again where it is busy', async () => {
    server.answer.code = 550
    await assert.rejects(smtp.send(mailTo('nobody@example.com')), Undeliverable)
    server.answer.code = 451
    await assert.rejects(
      smtp.send(mailTo('zoe@example.com')),
      (fault) => fault instanceof Error && !(fault instanceof Undeliverable),
    )
    delete server.answer.code
  })

  it('is tried again where nobody listens', async () => {
    const nowhere = smtpMail('smtp://127.0.0.1:1', 'orders@shop.example')
    await assert.rejects(
      nowhere.send(mailTo('zoe@example.com')),
      (fault) => fault instanceof Error && !(fault instanceof Undeliverable),
    )
    await nowhere.close()
  })
})

describe('A mail in the outbox', () => {
  it('is kept as it would have been sent, once however often it is sent', async () => {
    const mail = mailTo('zoe@example.com')
    const outbox = outboxMail(database)
    await outbox.send(mail)
    await outbox.send(mail)
    const rows = await database.read('select recipient, subject, text, html from notifications.outbox where id = $1', [mail.id])
    assert.deepEqual(rows, [{ recipient: 'Zoë Żółć <zoe@example.com>', subject: mail.subject, text: mail.text, html: mail.html }])
  })
})
