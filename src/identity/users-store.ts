/** All the SQL of accounts. */
import type { Instant, PersonRef } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { SqlWrite, Work, Write } from '../platform/store/work.ts'
import type { Account } from './users.ts'

export type NewAccount = Readonly<{ id: string; userId: string }>

/** Requirement B13's repository of users. */
export interface UserRepository {
  /** Loads and locks, in the order of their ids. Erased accounts have no name and are not found. */
  lock(work: Work, userIds: readonly string[]): Promise<ReadonlyMap<string, Account>>
  get(userIds: readonly string[]): Promise<ReadonlyMap<string, Account>>
  /** A name that another process took meanwhile aborts the batch. */
  create(accounts: readonly Account[]): Write
  update(accounts: readonly Account[]): Write
  /** Remembers whose these rows of personal data are. */
  own(people: readonly Readonly<{ account: string; person: PersonRef }>[]): Write
  /** Takes the name off the account, and deletes every row of personal data it ever had. */
  erase(accounts: readonly Account[], now: Instant): readonly Write[]
  /** Makes users known; those that are known already stay as they are. */
  ensure(accounts: readonly NewAccount[], now: Instant): Write
}

type AccountRow = {
  id: string
  user_id: string
  person: PersonRef | null
  version: number
  created_at: Instant
  updated_at: Instant
}
const selectSql = 'select id, user_id, person, version, created_at, updated_at from identity.users where user_id = any($1::text[])'
const createSql = `insert into identity.users (id, user_id, person, version, created_at, updated_at)
  select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int4[], $5::timestamptz[], $6::timestamptz[])`
const updateSql = `update identity.users u set person = t.person, version = t.version, updated_at = t.at
  from unnest($1::uuid[], $2::uuid[], $3::int4[], $4::timestamptz[]) as t (id, person, version, at) where u.id = t.id returning 1`
const ownSql = 'insert into identity.user_people (account, person) select * from unnest($1::uuid[], $2::uuid[])'
const eraseSql = `update identity.users u set user_id = null, person = null, version = u.version + 1, updated_at = t.at, deleted_at = t.at
  from unnest($1::uuid[], $2::timestamptz[]) as t (id, at) where u.id = t.id returning 1`
const erasePeopleSql = `delete from platform.people p using identity.user_people o
  where p.ref = o.person and o.account = any($1::uuid[])`
const disownSql = 'delete from identity.user_people where account = any($1::uuid[])'
// Sorted, so that two batches that make the same users known wait for each other instead of deadlocking.
const ensureSql = `insert into identity.users (id, user_id, created_at, updated_at)
  select id, user_id, at, at from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as t (id, user_id, at) order by user_id
  on conflict (user_id) do nothing`

export class PostgresUsers implements UserRepository {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }

  async lock(work: Work, userIds: readonly string[]): Promise<ReadonlyMap<string, Account>> {
    const statement = { name: 'users_lock', text: `${selectSql} order by user_id for update` }
    return byUserId(await sql(work).query<AccountRow>(statement, [[...new Set(userIds)]]))
  }

  async get(userIds: readonly string[]): Promise<ReadonlyMap<string, Account>> {
    return userIds.length === 0 ? new Map() : byUserId(await this.#database.read<AccountRow>(selectSql, [userIds], 'users_get'))
  }

  create(accounts: readonly Account[]): SqlWrite {
    return {
      name: 'identity.users.create',
      sql: createSql,
      types: ['uuid', 'text', 'uuid', 'int4', 'timestamptz', 'timestamptz'],
      columns: [
        accounts.map(({ id }) => id),
        accounts.map(({ userId }) => userId),
        accounts.map(({ person }) => person ?? null),
        accounts.map(({ version }) => version),
        accounts.map(({ createdAt }) => createdAt),
        accounts.map(({ updatedAt }) => updatedAt),
      ],
    }
  }

  update(accounts: readonly Account[]): SqlWrite {
    return {
      name: 'identity.users.update',
      sql: updateSql,
      types: ['uuid', 'uuid', 'int4', 'timestamptz'],
      columns: [
        accounts.map(({ id }) => id),
        accounts.map(({ person }) => person ?? null),
        accounts.map(({ version }) => version),
        accounts.map(({ updatedAt }) => updatedAt),
      ],
      guarded: true,
    }
  }

  own(people: readonly Readonly<{ account: string; person: PersonRef }>[]): SqlWrite {
    return {
      name: 'identity.user_people',
      sql: ownSql,
      types: ['uuid', 'uuid'],
      columns: [people.map(({ account }) => account), people.map(({ person }) => person)],
    }
  }

  erase(accounts: readonly Account[], now: Instant): readonly SqlWrite[] {
    const ids = accounts.map(({ id }) => id)
    return [
      {
        name: 'identity.users.erase',
        sql: eraseSql,
        types: ['uuid', 'timestamptz'],
        columns: [ids, ids.map(() => now)],
        guarded: true,
      },
      { name: 'identity.users.erasePeople', sql: erasePeopleSql, types: ['uuid'], columns: [ids] },
      { name: 'identity.users.disown', sql: disownSql, types: ['uuid'], columns: [ids] },
    ]
  }

  ensure(accounts: readonly NewAccount[], now: Instant): SqlWrite {
    return {
      name: 'identity.users.ensure',
      sql: ensureSql,
      types: ['uuid', 'text', 'timestamptz'],
      columns: [accounts.map(({ id }) => id), accounts.map(({ userId }) => userId), accounts.map(() => now)],
    }
  }
}

const byUserId = (rows: readonly AccountRow[]): ReadonlyMap<string, Account> =>
  new Map(
    rows.map((row) => [
      row.user_id,
      {
        id: row.id,
        userId: row.user_id,
        person: row.person ?? undefined,
        version: row.version,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      },
    ]),
  )
