import type { Envelope } from '../../kernel/event.ts'
import type { PersonRef } from '../../kernel/ids.ts'
import { envelopeColumns, envelopeOf } from '../bus/journal.ts'
import { gatheredById } from '../store/gather.ts'
import { type Database, sql } from '../postgres/database.ts'
import type { SqlWrite, Work } from '../store/work.ts'
import { sizeOf } from '../tasks/bundle.ts'
import { eventVersion, type KeyClaim, type KeyFound, keyName, type Person, type Records } from './records.ts'

const appendSql = `insert into platform.journal (stream, version, at, type, v, actor, cause, body)
  select * from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::int[], $6::text[], $7::text[], $8::json[])`
const scheduleSql = `insert into platform.tasks (id, kind, key, due_at, size, body)
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::json[]) on conflict (id) do nothing`
const claimSql = `insert into platform.keys (key, scope, hash, object, expires_at)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[])`
const describeSql = `insert into platform.people (ref, body) select * from unnest($1::uuid[], $2::json[])`
const claimedStatement = {
  name: 'records_claimed',
  text: `select k.scope, k.key, k.hash, k.object from unnest($1::text[], $2::text[]) as c (scope, key) join platform.keys k using (scope, key)`,
}

const forgetStatement = {
  name: 'records_forget_keys',
  text: `delete from platform.keys k using (select scope, key from platform.keys where expires_at < $1::timestamptz
    order by expires_at limit $2 for update skip locked) as past where k.scope = past.scope and k.key = past.key returning 1`,
}

/** A fact's body without its type, which has a column of its own. Cut off the text: copying the object costs more than writing it. */
const bodyOf = (fact: Readonly<{ type: string }>): string => {
  const text = JSON.stringify(fact)
  const head = `{"type":"${fact.type}"`
  if (text.startsWith(head)) return text[head.length] === ',' ? `{${text.slice(head.length + 1)}` : '{}'
  const { type: _, ...body } = fact
  return JSON.stringify(body)
}

export class PostgresRecords implements Records {
  readonly #database: Database
  readonly #people: (refs: readonly string[]) => Promise<ReadonlyMap<string, Person>>
  constructor(database: Database) {
    this.#database = database
    this.#people = gatheredById('people by ref', (refs) => this.#readPeople(refs))
  }

  append(appends: Parameters<Records['append']>[0]): SqlWrite {
    const rows = appends.flatMap(({ stream, firstVersion, facts, origin, at }) =>
      facts.map((fact, index) => ({ stream, version: firstVersion + index, at, fact, origin })),
    )
    return {
      name: 'platform.journal',
      sql: appendSql,
      types: ['uuid', 'int4', 'timestamptz', 'text', 'int4', 'text', 'text', 'json'],
      columns: [
        rows.map((row) => row.stream),
        rows.map((row) => row.version),
        rows.map((row) => row.at),
        rows.map((row) => row.fact.type),
        rows.map((row) => eventVersion(row.fact)),
        rows.map((row) => row.origin.actor),
        rows.map((row) => row.origin.cause ?? null),
        rows.map((row) => bodyOf(row.fact)),
      ],
    }
  }

  schedule(tasks: Parameters<Records['schedule']>[0]): SqlWrite {
    return {
      name: 'platform.tasks',
      sql: scheduleSql,
      types: ['uuid', 'text', 'text', 'timestamptz', 'int4', 'json'],
      columns: [
        tasks.map((task) => task.id),
        tasks.map((task) => task.kind),
        tasks.map((task) => task.key),
        tasks.map((task) => task.dueAt),
        tasks.map(sizeOf),
        tasks.map((task) => JSON.stringify(task.body)),
      ],
    }
  }

  claim(claims: Parameters<Records['claim']>[0]): SqlWrite {
    return {
      name: 'platform.keys',
      sql: claimSql,
      types: ['text', 'text', 'text', 'uuid', 'timestamptz'],
      columns: [
        claims.map((claim) => claim.key),
        claims.map((claim) => claim.scope),
        claims.map((claim) => claim.hash),
        claims.map((claim) => claim.object),
        claims.map((claim) => claim.expiresAt ?? null),
      ],
    }
  }

  describe(people: Parameters<Records['describe']>[0]): SqlWrite {
    return {
      name: 'platform.people',
      sql: describeSql,
      types: ['uuid', 'json'],
      columns: [people.map(({ ref }) => ref), people.map(({ body }) => JSON.stringify(body))],
    }
  }

  async claimed(work: Work, claims: readonly KeyClaim[]): Promise<ReadonlyMap<string, KeyFound>> {
    if (claims.length === 0) return new Map()
    const rows = await sql(work).query<KeyFound & { scope: string; key: string }>(claimedStatement, [
      claims.map(({ scope }) => scope),
      claims.map(({ key }) => key),
    ])
    // What is answered from a key that is there already waits for the standby as the first answer did (PROMISES §1.2).
    if (rows.length > 0) sql(work).confirm()
    return new Map(rows.map((row) => [keyName(row), row]))
  }

  people(refs: readonly PersonRef[]): Promise<ReadonlyMap<string, Person>> {
    return this.#people(refs)
  }

  async #readPeople(refs: readonly string[]): Promise<ReadonlyMap<string, Person>> {
    const text = 'select ref, body from platform.people where ref = any($1::uuid[])'
    const rows = await this.#database.read<{ ref: string; body: Person }>(text, [refs], 'people_by_ref')
    return new Map(rows.map(({ ref, body }) => [ref, body]))
  }

  /** Deletes keys past their end: from then on they are as if they had never been used. */
  async forgetKeys(work: Work, rowsMax: number): Promise<number> {
    return (await sql(work).query(forgetStatement, [work.now, rowsMax])).length
  }

  /** The object a key was used for, outside any batch. */
  async objectOf(scope: string, key: string): Promise<string | undefined> {
    const [row] = await this.#database.read<{ object: string }>('select object from platform.keys where scope = $1 and key = $2', [
      scope,
      key,
    ])
    return row?.object
  }

  /** Every fact of every room that names an order, in the journal's order. For one order at a time: it reads from the order's own first fact on. */
  async factsAbout(order: string): Promise<readonly Envelope[]> {
    const rows = await this.#database.read<Parameters<typeof envelopeOf>[0]>(
      `select ${envelopeColumns} from platform.journal
        where position >= (select position from platform.journal where stream = $1 and version = 1) and (stream = $1 or body->>'order' = $1::text) order by position`,
      [order],
    )
    return rows.map((row) => envelopeOf(row))
  }
}
