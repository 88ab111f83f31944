/**
 * References (a) and (b): the usual ways to write an order, by PostgreSQL's own load generator over the Unix socket, with
 * prepared statements, on the same server. No HTTP, no rules, no reactions.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'
import { runChild } from '../children.ts'

const pick = `\\set a random(1, :skus)
\\set b random(1, :skus)
\\set lo least(:a, :b)
\\set hi greatest(:a, :b)
`
const scripts = {
  /** (a) one interactive transaction an order, seven statements. */
  transaction: `${pick}begin;
insert into bench.orders (total, placed_at) values (510, now()) returning id as order_id \\gset
insert into bench.lines (order_id, line, sku, quantity, price) values (:order_id, 1, :lo, 1, 255), (:order_id, 2, :hi, 1, 255);
update bench.stock set reserved = reserved + 1 where sku = :lo and on_hand - reserved >= 1;
update bench.stock set reserved = reserved + 1 where sku = :hi and on_hand - reserved >= 1;
insert into bench.events (order_id, body) values (:order_id, '{"type":"OrderPlaced"}');
end;
`,
  /** (b) the same as one call of a stored function. */
  function: `${pick}select bench.place(:lo, :hi);
`,
} as const
export type PgbenchScript = keyof typeof scripts

/** Not vacuumed by the server, which would do it while something else is measured: `clearPgbench` does, before each run. */
const schema = (products: number): string => `drop schema if exists bench cascade; create schema bench;
create table bench.orders (id bigint generated always as identity primary key, total bigint not null, placed_at timestamptz not null) with (autovacuum_enabled = off);
create table bench.lines (order_id bigint, line int, sku int, quantity int, price int, primary key (order_id, line)) with (autovacuum_enabled = off);
create table bench.stock (sku int primary key, on_hand int not null, reserved int not null default 0, check (on_hand >= reserved)) with (fillfactor = 50, autovacuum_enabled = off);
create table bench.events (id bigint generated always as identity primary key, order_id bigint, body json) with (autovacuum_enabled = off);
create function bench.place(lo int, hi int) returns bigint language plpgsql as $$
declare placed bigint;
begin
  insert into bench.orders (total, placed_at) values (510, now()) returning id into placed;
  insert into bench.lines (order_id, line, sku, quantity, price) values (placed, 1, lo, 1, 255), (placed, 2, hi, 1, 255);
  update bench.stock set reserved = reserved + 1 where sku = lo and on_hand - reserved >= 1;
  update bench.stock set reserved = reserved + 1 where sku = hi and on_hand - reserved >= 1;
  insert into bench.events (order_id, body) values (placed, '{"type":"OrderPlaced"}');
  return placed;
end $$;
insert into bench.stock (sku, on_hand) select s, 100000000 from generate_series(1, ${products}) s;
analyze bench.stock`

export const preparePgbench = async (client: pg.Client, products: number): Promise<void> => {
  await client.query(schema(products))
}

/** Every run begins with empty tables, a clean stock and a fresh checkpoint. */
export const clearPgbench = async (client: pg.Client): Promise<void> => {
  await client.query('truncate bench.orders, bench.lines, bench.events')
  await client.query('vacuum bench.stock')
  await client.query('checkpoint')
}

/** How many connections the server has left for pgbench: the embedded one has few, as few are good for it. */
export const freeConnections = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ free: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - current_setting('reserved_connections')::int - (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as free`,
  )
  return rows[0]?.free ?? 0
}

export type PgbenchAsked = Readonly<{
  connection: EmbeddedConnection
  script: PgbenchScript
  clients: number
  seconds: number
  products: number
}>

/** @returns orders a second; undefined where pgbench is not installed. */
export const runPgbench = async (asked: PgbenchAsked): Promise<number | undefined> => {
  const program = findPgbench()
  const folder = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
  try {
    const file = join(folder, 'order.sql')
    writeFileSync(file, scripts[asked.script])
    const output = await runChild(program, argumentsFor(asked, file), { PGPASSWORD: asked.connection.password }, asked.seconds + 60)
    if (output === undefined) return undefined
    const perSecond = /tps = ([\d.]+)/.exec(output)?.[1]
    if (perSecond === undefined) throw new Error(`pgbench said nothing of its rate: ${output}`)
    return Number(perSecond)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const argumentsFor = ({ connection, clients, seconds, products }: PgbenchAsked, file: string): string[] => {
  const { host, port, user, database } = connection
  const load = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds)]
  return [...load, '-D', `skus=${products}`, '-f', file, '-h', host, '-p', String(port), '-U', user, database]
}

const systemFolder = '/usr/lib/postgresql'

/** Debian keeps it out of the path. */
const findPgbench = (): string => {
  const versions = existsSync(systemFolder) ? readdirSync(systemFolder).sort((a, b) => Number(b) - Number(a)) : []
  const places = [
    ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'pgbench')),
    ...versions.map((version) => join(systemFolder, version, 'bin', 'pgbench')),
  ]
  return places.find((place) => existsSync(place)) ?? 'pgbench'
}
