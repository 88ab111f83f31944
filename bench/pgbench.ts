/** Reference (a): the usual way, one interactive transaction an order, by PostgreSQL's own load generator. No HTTP, no rules. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { EmbeddedConnection } from '../src/platform/postgres/embedded.ts'

const script = `\\set a random(1, :skus)
\\set b random(1, :skus)
\\set lo least(:a, :b)
\\set hi greatest(:a, :b)
begin;
insert into bench.orders (total, placed_at) values (510, now()) returning id as order_id \\gset
insert into bench.lines (order_id, line, sku, quantity, price) values (:order_id, 1, :lo, 1, 255), (:order_id, 2, :hi, 1, 255);
update bench.stock set reserved = reserved + 1 where sku = :lo and on_hand - reserved >= 1;
update bench.stock set reserved = reserved + 1 where sku = :hi and on_hand - reserved >= 1;
insert into bench.events (order_id, body) values (:order_id, '{"type":"OrderPlaced"}');
end;
`

export const preparePgbench = async (client: pg.Client, skus: number): Promise<void> => {
  await client.query(`drop schema if exists bench cascade; create schema bench;
    create table bench.orders (id bigint generated always as identity primary key, total bigint not null, placed_at timestamptz not null);
    create table bench.lines (order_id bigint, line int, sku int, quantity int, price int, primary key (order_id, line));
    create table bench.stock (sku int primary key, on_hand int not null, reserved int not null default 0, check (on_hand >= reserved)) with (fillfactor = 50);
    create table bench.events (id bigint generated always as identity primary key, order_id bigint, body json);
    insert into bench.stock (sku, on_hand) select s, 100000000 from generate_series(1, ${skus}) s; checkpoint`)
}

/** @returns orders a second; undefined where pgbench is not installed. */
export const runPgbench = (
  connection: EmbeddedConnection,
  connections: number,
  seconds: number,
  skus: number,
): number | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
  try {
    const file = join(folder, 'order.sql')
    writeFileSync(file, script)
    const { host, port, user, password, database } = connection
    const args = [
      '-n',
      '-M',
      'prepared',
      '-c',
      String(connections),
      '-j',
      '2',
      '-T',
      String(seconds),
      '-D',
      `skus=${skus}`,
      '-f',
      file,
      '-h',
      host,
      '-p',
      String(port),
      '-U',
      user,
      database,
    ]
    const { status, stdout, stderr, error } = spawnSync('pgbench', args, {
      encoding: 'utf8',
      env: { ...process.env, PGPASSWORD: password },
    })
    if (error !== undefined) return undefined
    const tps = /tps = ([\d.]+)/.exec(stdout)?.[1]
    if (status !== 0 || tps === undefined) throw new Error(`pgbench failed: ${stderr}`)
    return Number(tps)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
