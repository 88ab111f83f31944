/** Mails through a real mail server. */
import { createTransport } from 'nodemailer'
import { type Mail, type MailPort, Undeliverable } from './ports.ts'

/** A mail server that does not answer in this time is busy: the task tries again, and the worker's lease (60 s) still holds. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 }
/** As many as small providers allow at once. */
const connectionsMax = 5
/** Claimed together, these are sent within the lease although the server takes some seconds for each. */
export const mailsAClaim = 64

/** What the server refused for good: the address, not the connection or the login. */
const isFinal = (fault: unknown): boolean =>
  fault instanceof Error &&
  'code' in fault &&
  (fault.code === 'EENVELOPE' || fault.code === 'EMESSAGE') &&
  'responseCode' in fault &&
  typeof fault.responseCode === 'number' &&
  fault.responseCode >= 500

/** @param from as `WAYBILL_MAIL_FROM`: an address, or `Name <address>`. */
export const smtpMail = (url: string, from: string): MailPort => {
  const transport = createTransport({ url, pool: true, maxConnections: connectionsMax, ...timeouts })
  const domain = /@([^\s>@]+)>?$/.exec(from)?.[1] ?? 'localhost'
  return {
    send: async ({ id, to, subject, text, html }: Mail): Promise<void> => {
      try {
        await transport.sendMail({
          from,
          to: { name: to.name ?? '', address: to.address },
          subject,
          text,
          html,
          messageId: `<${id}@${domain}>`,
          // RFC 3834: holiday notices and other robots do not answer.
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        })
      } catch (fault) {
        if (isFinal(fault)) throw new Undeliverable(fault instanceof Error ? fault.message : String(fault), { cause: fault })
        throw fault
      }
    },
    close: async () => {
      transport.close()
    },
  }
}
