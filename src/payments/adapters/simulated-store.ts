/** Where the simulated provider keeps its sessions and its secret: in PostgreSQL, so that a restart forgets nothing, or in memory. */
import { randomBytes } from 'node:crypto'
import type { Database } from '../../platform/postgres/database.ts'
import { gathered } from '../../platform/store/gather.ts'
import type { Session } from './simulated-session.ts'

export type Booked = Readonly<{ version: number; session: Session }>

export interface SimulatedBooks {
  byReference(reference: string): Promise<Booked | undefined>
  byPayment(payment: string): Promise<Booked | undefined>
  /** A payment has one page: whoever comes second gets the first one's. */
  open(session: Session): Promise<Session>
  /** @returns false where another wrote since `version`. */
  replace(version: number, session: Session): Promise<boolean>
  /** Made when first asked for. */
  secret(): Promise<string>
}

export const freshSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`

export class PostgresBooks implements SimulatedBooks {
  readonly #database: Database
  readonly #opened: (session: Session) => Promise<Session>
  constructor(database: Database) {
    this.#database = database
    this.#opened = gathered('simulated sessions', (sessions: readonly Session[]) => this.#open(sessions))
  }

  async byReference(reference: string): Promise<Booked | undefined> {
    const [row] = await this.#database.read<Booked>(
      'select version, session from payments.simulated_sessions where reference = $1',
      [reference],
      'simulated_by_reference',
    )
    return row
  }

  async byPayment(payment: string): Promise<Booked | undefined> {
    const [row] = await this.#database.read<Booked>(
      'select version, session from payments.simulated_sessions where payment = $1::uuid',
      [payment],
    )
    return row
  }

  open(session: Session): Promise<Session> {
    return this.#opened(session)
  }

  /** The first session of a payment counts, whoever opened it. */
  async #open(sessions: readonly Session[]): Promise<readonly Session[]> {
    const payments = sessions.map(({ payment }) => payment)
    await this.#database.read(
      `insert into payments.simulated_sessions (reference, payment, version, session)
        select r, p, 1, s::json from unnest($1::text[], $2::uuid[], $3::text[]) as t (r, p, s) on conflict do nothing`,
      [sessions.map(({ reference }) => reference), payments, sessions.map((session) => JSON.stringify(session))],
      'simulated_open',
    )
    const rows = await this.#database.read<Booked>(
      'select version, session from payments.simulated_sessions where payment = any($1::uuid[])',
      [payments],
      'simulated_by_payments',
    )
    const first = new Map(rows.map(({ session }) => [session.payment, session]))
    return payments.map((payment) => {
      const session = first.get(payment)
      if (session === undefined) throw new Error(`the simulated session of payment ${payment} is gone`)
      return session
    })
  }

  async replace(version: number, session: Session): Promise<boolean> {
    const rows = await this.#database.read(
      `update payments.simulated_sessions set version = version + 1, session = $3 where reference = $1 and version = $2 returning reference`,
      [session.reference, version, JSON.stringify(session)],
      'simulated_replace',
    )
    return rows.length === 1
  }

  async secret(): Promise<string> {
    await this.#database.read('insert into payments.simulated_secret (secret) values ($1) on conflict do nothing', [freshSecret()])
    const [row] = await this.#database.read<{ secret: string }>('select secret from payments.simulated_secret')
    if (row === undefined) throw new Error('the simulated provider has no secret')
    return row.secret
  }
}

export class MemoryBooks implements SimulatedBooks {
  readonly #sessions = new Map<string, Booked>()
  readonly #secret = freshSecret()

  byReference(reference: string): Promise<Booked | undefined> {
    return Promise.resolve(this.#sessions.get(reference))
  }

  byPayment(payment: string): Promise<Booked | undefined> {
    return Promise.resolve([...this.#sessions.values()].find(({ session }) => session.payment === payment))
  }

  async open(session: Session): Promise<Session> {
    const first = await this.byPayment(session.payment)
    if (first !== undefined) return first.session
    this.#sessions.set(session.reference, { version: 1, session })
    return session
  }

  replace(version: number, session: Session): Promise<boolean> {
    if (this.#sessions.get(session.reference)?.version !== version) return Promise.resolve(false)
    this.#sessions.set(session.reference, { version: version + 1, session })
    return Promise.resolve(true)
  }

  secret(): Promise<string> {
    return Promise.resolve(this.#secret)
  }
}
