/** What sends mails and texts. An adapter may be asked twice for the same id: it must send it once, as far as it can tell. */
import type { PersonRef } from '../../kernel/ids.ts'

export type Mail = Readonly<{
  /** The notification's id: the mail's Message-ID, the provider's key. */
  id: string
  person: PersonRef
  to: Readonly<{ name?: string | undefined; address: string }>
  subject: string
  text: string
  html: string
}>
export interface MailPort {
  /** @throws Undeliverable where trying again cannot help; anything else is tried again. */
  send(mail: Mail): Promise<void>
  close(): Promise<void>
}

export type Sms = Readonly<{ id: string; person: PersonRef; to: string; text: string }>
export interface SmsPort {
  /** Accepted, not yet delivered: what becomes of it is reported later. @throws Undeliverable */
  send(sms: Sms): Promise<void>
}
/** The provider's later word about a text it had accepted. */
export type SmsReport = Readonly<{ id: string; status: 'delivered' | 'undelivered' }>

/** This message will never arrive there: no such mailbox, no such number. */
export class Undeliverable extends Error {}
