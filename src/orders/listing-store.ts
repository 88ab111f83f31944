import { sql } from '../platform/postgres/database.ts'
import type { Work } from '../platform/store/work.ts'

export interface ListingStore {
  /** Brings the rows of these orders up to what the orders are now, in one statement. */
  refresh(work: Work, ids: readonly string[]): Promise<void>
}

const refreshStatement = {
  name: 'listing_refresh',
  text: `insert into orders.listing (id, number, status, user_id, email, name, external_ref, channel, currency, total, placed_at)
    select o.id, o.number, o.status, o.user_id, lower(p.body->>'email'), p.body->>'name', o.external_ref, j.body->>'channel', o.currency, o.total, o.placed_at
      from orders.orders o
      join platform.journal j on j.stream = o.id and j.version = 1
      left join platform.people p on p.ref = coalesce(o.progress->>'contact', j.body->>'contact')::uuid
     where o.id = any($1::uuid[])
    on conflict (id) do update set status = excluded.status, email = excluded.email, name = excluded.name, total = excluded.total`,
}

export const postgresListing: ListingStore = {
  refresh: async (work, ids) => {
    await sql(work).query(refreshStatement, [ids])
  },
}
