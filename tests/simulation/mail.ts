/** The mail server outside: what it took it has taken, whatever becomes of us. It may be out of reach, or not answer. */
import { type Mail, type MailPort, Undeliverable } from '../../src/notifications/adapters/ports.ts'
import { Unreachable } from '../../src/payments/provider.ts'
import { outside, type Process, type Surroundings } from './process.ts'
import type { Random } from './random.ts'

const answerMs = { least: 2, most: 60 } as const
/** One customer in so many has mistyped the address. */
const mistypedEvery = 7

export const addressOf = (client: number): string =>
  client % mistypedEvery === 0 ? `client-${client}@nowhere.example` : `client-${client}@mail.example`

export class MailBooks {
  /** By the message's id: every copy that came. */
  readonly taken = new Map<string, Mail[]>()
  readonly #around: Surroundings
  readonly #random: Random

  constructor(around: Surroundings, random: Random) {
    this.#around = around
    this.#random = random
  }

  /** The server as one of our processes reaches it. */
  for(process: Process): MailPort {
    return {
      send: (mail) => process.call(`${outside}mail`, () => this.#answer(mail), this.#random.between(answerMs.least, answerMs.most)),
      close: () => Promise.resolve(),
    }
  }

  #answer(mail: Mail): void {
    const { faults, counted } = this.#around
    if (!this.#random.happens(faults().providerSilent)) return this.#take(mail)
    counted('mailSilent')
    if (this.#random.happens(0.5)) this.#take(mail)
    throw new Unreachable('mail', 'send')
  }

  #take(mail: Mail): void {
    if (mail.to.address.endsWith('@nowhere.example')) throw new Undeliverable('no such mailbox')
    this.taken.set(mail.id, [...(this.taken.get(mail.id) ?? []), mail])
  }
}
