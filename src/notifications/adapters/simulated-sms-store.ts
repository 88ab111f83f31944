/** The book of the simulated SMS provider: what it was given, and what became of it. */
import type { Database } from '../../platform/postgres/database.ts'
import type { Sms, SmsReport } from './ports.ts'

export type SmsStatus = 'busy' | 'queued' | SmsReport['status']

export class SimulatedSmsBook {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  /** Enters it once; what was busy or did not arrive is queued again. @returns the status before; undefined for a new one. */
  async enter({ id, person, to, text }: Sms, first: SmsStatus): Promise<SmsStatus | undefined> {
    const [row] = await this.#database.read<{ before: SmsStatus | null }>(
      `with entered as (
         insert into notifications.sms (id, person, recipient, text, status) values ($1, $2, $3, $4, $5)
           on conflict (id) do update set status = 'queued' where sms.status in ('busy', 'undelivered'))
       select (select status from notifications.sms where id = $1) as before`,
      [id, person, to, text, first],
      'sms_enter',
    )
    return row?.before ?? undefined
  }

  /** What becomes of it: `undelivered` where the number ends in `undeliverable`. */
  async settle(id: unknown, undeliverable: string): Promise<SmsReport | undefined> {
    const [row] = await this.#database.read<SmsReport>(
      `update notifications.sms set status = case when right(recipient, length($2)) = $2 then 'undelivered' else 'delivered' end
        where id = $1 returning id, status`,
      [id, undeliverable],
      'sms_settle',
    )
    return row
  }
}
