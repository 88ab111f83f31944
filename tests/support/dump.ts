/** Every row of every table of a database, as a digest a table: what is equal before and after did not change. */
import pg from 'pg'

/** @returns `schema.table` → rows and a digest of them all; tables that PostgreSQL keeps for itself are not the shop's. */
export const dumpOf = async (connection: string | pg.ClientConfig): Promise<ReadonlyMap<string, string>> => {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
    )
    const dump = new Map<string, string>()
    for (const { name } of tables) {
      const { rows } = await client.query<{ digest: string }>(
        `select count(*) || ' rows, ' || coalesce(md5(string_agg(md5(t::text), '' order by t::text)), 'none') as digest from ${name} t`,
      )
      dump.set(name, rows[0]?.digest ?? '')
    }
    const { rows: sequences } = await client.query<{ name: string; value: string }>(
      `select format('%I.%I', schemaname, sequencename) as name, coalesce(last_value::text, 'none') as value from pg_sequences order by 1`,
    )
    for (const { name, value } of sequences) dump.set(name, value)
    return dump
  } finally {
    await client.end()
  }
}
