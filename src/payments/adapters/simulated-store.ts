/** Where the simulated provider keeps its sessions and its secret: in PostgreSQL, so that a restart forgets nothing, or in memory. */
import { randomBytes } from 'node:crypto'
import type { Database } from '../../platform/postgres/database.ts'
import { gathered, gatheredById } from '../../platform/store/gather.ts'
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

type Row = Booked & Readonly<{ reference: string }>
export class PostgresBooks implements SimulatedBooks {
  readonly #database: Database
  #secret: string | undefined
  readonly #opened: (session: Session) => Promise<Session>
  readonly #byReference: (references: readonly string[]) => Promise<Map<string, Booked>>
  readonly #replaced: (change: Booked) => Promise<boolean>
  constructor(database: Database) {
    this.#database = database
    this.#opened = gathered('simulated sessions', (sessions: readonly Session[]) => this.#open(sessions))
    this.#byReference = gatheredById('simulated sessions by reference', (references) => this.#read(references))
    this.#replaced = gathered('simulated sessions changed', (changes: readonly Booked[]) => this.#replace(changes))
  }

  async byReference(reference: string): Promise<Booked | undefined> {
    return (await this.#byReference([reference])).get(reference)
  }

  async #read(references: readonly string[]): Promise<ReadonlyMap<string, Booked>> {
    const rows = await this.#database.read<Row>(
      'select reference, version, session from payments.simulated_sessions where reference = any($1::text[])',
      [references],
      'simulated_by_reference',
    )
    return new Map(rows.map(({ reference, version, session }) => [reference, { version, session }]))
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
    const opened = await this.#database.read<{ reference: string }>(
      `insert into payments.simulated_sessions (reference, payment, version, session)
        select r, p, 1, s::json from unnest($1::text[], $2::uuid[], string_to_array($3, chr(31))) as t (r, p, s)
        on conflict do nothing returning reference`,
      [
        sessions.map(({ reference }) => reference),
        sessions.map(({ payment }) => payment),
        // As saves of batches do it: JSON never holds this control character itself.
        sessions.map((session) => JSON.stringify(session)).join('\u001f'),
      ],
      'simulated_open',
    )
    if (opened.length === sessions.length) return sessions
    const rows = await this.#database.read<Booked>(
      'select version, session from payments.simulated_sessions where payment = any($1::uuid[])',
      [sessions.map(({ payment }) => payment)],
      'simulated_by_payments',
    )
    const first = new Map(rows.map(({ session }) => [session.payment, session]))
    return sessions.map(({ payment }) => {
      const session = first.get(payment)
      if (session === undefined) throw new Error(`the simulated session of payment ${payment} is gone`)
      return session
    })
  }

  async replace(version: number, session: Session): Promise<boolean> {
    return this.#replaced({ version, session })
  }

  /** Of several that change one session at once, one is told that it did; the others read again. */
  async #replace(changes: readonly Booked[]): Promise<readonly boolean[]> {
    const first = new Map<string, Booked>()
    for (const change of changes) if (!first.has(change.session.reference)) first.set(change.session.reference, change)
    const mine = [...first.values()]
    const rows = await this.#database.read<{ reference: string }>(
      `update payments.simulated_sessions b set version = b.version + 1, session = t.s::json
        from unnest($1::text[], $2::int[], string_to_array($3, chr(31))) as t (r, v, s) where b.reference = t.r and b.version = t.v returning reference`,
      [
        mine.map(({ session }) => session.reference),
        mine.map(({ version }) => version),
        mine.map(({ session }) => JSON.stringify(session)).join('\u001f'),
      ],
      'simulated_replace',
    )
    const replaced = new Set(rows.map(({ reference }) => reference))
    return changes.map((change) => first.get(change.session.reference) === change && replaced.has(change.session.reference))
  }

  /** It never changes: asked for once, not with every webhook. */
  async secret(): Promise<string> {
    this.#secret ??= await this.#readSecret()
    return this.#secret
  }

  async #readSecret(): Promise<string> {
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
