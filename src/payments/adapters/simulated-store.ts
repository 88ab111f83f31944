/** Where the simulated provider keeps its sessions and its secret: in PostgreSQL, so that a restart forgets nothing, or in memory. */
import { randomBytes } from 'node:crypto'
import type { Database } from '../../platform/postgres/database.ts'
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
  constructor(database: Database) {
    this.#database = database
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

  async open(session: Session): Promise<Session> {
    await this.#database.read(
      'insert into payments.simulated_sessions (reference, payment, version, session) values ($1, $2, 1, $3) on conflict do nothing',
      [session.reference, session.payment, JSON.stringify(session)],
      'simulated_open',
    )
    const first = await this.byPayment(session.payment)
    if (first === undefined) throw new Error(`the simulated session of payment ${session.payment} is gone`)
    return first.session
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
