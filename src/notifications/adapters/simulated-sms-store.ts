/** The book of the simulated SMS provider: what it was given, and what became of it. */
import type { Database } from '../../platform/postgres/database.ts'
import type { Sms, SmsReport } from './ports.ts'

export type SmsStatus = 'busy' | 'queued' | SmsReport['status']
/** A text, and how a new one begins. */
export type SmsEntry = Readonly<{ sms: Sms; first: SmsStatus }>

export interface SmsBook {
  /** Enters each once; what was busy or did not arrive is queued again. @returns the statuses before, without the new ones. */
  enter(entries: readonly SmsEntry[]): Promise<ReadonlyMap<string, SmsStatus>>
  /** What becomes of them: `undelivered` where the number ends in `undeliverable`. */
  settle(ids: readonly unknown[], undeliverable: string): Promise<readonly SmsReport[]>
}

export class PostgresSmsBook implements SmsBook {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  async enter(entries: readonly SmsEntry[]): Promise<ReadonlyMap<string, SmsStatus>> {
    const rows = await this.#database.read<{ id: string; status: SmsStatus }>(
      `with entered as (
         insert into notifications.sms (id, person, recipient, text, status)
           select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
           on conflict (id) do update set status = 'queued' where sms.status in ('busy', 'undelivered'))
       select id, status from notifications.sms where id = any($1::uuid[])`,
      [
        entries.map(({ sms }) => sms.id),
        entries.map(({ sms }) => sms.person),
        entries.map(({ sms }) => sms.to),
        entries.map(({ sms }) => sms.text),
        entries.map(({ first }) => first),
      ],
      'sms_enter',
    )
    return new Map(rows.map(({ id, status }) => [id, status]))
  }

  settle(ids: readonly unknown[], undeliverable: string): Promise<readonly SmsReport[]> {
    return this.#database.read<SmsReport>(
      `update notifications.sms set status = case when right(recipient, length($2)) = $2 then 'undelivered' else 'delivered' end
        where id = any($1::uuid[]) returning id, status`,
      [ids, undeliverable],
      'sms_settle',
    )
  }
}
