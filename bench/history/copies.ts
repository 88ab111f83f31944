/** Templates into tables of the database, and the statements that copy them set by set. */
import type pg from 'pg'
import { livesCount } from './lives.ts'
import { formatOf, type Template, type TemplateColumn, type TemplateTable } from './templates.ts'

/** About every hundredth order, of whatever kind, comes from one large customer. */
const largeEvery = 101

/** What happened within an order's life is stretched with it; a deadline beyond it keeps its distance. */
export const schemaSql = `
  drop schema if exists bench_history cascade;
  create schema bench_history;
  create function bench_history.stretched(ms int8, life_ms int8, stretch float8) returns int8 language sql immutable
    return case when ms between 0 and life_ms then round(ms * stretch)::int8 else ms end;
  create unlogged table bench_history.template (template int primary key, life_ms int8, products int[], instants int8[], days int[]);
  create unlogged table bench_history.copy (n int8 primary key, template int, placed_at timestamptz, day date, life_ms int8, stretch float8, given text[]);`

const stageName = ({ name }: TemplateTable): string => `bench_history."${name}"`
const isTime = ({ type }: TemplateColumn): boolean => type === 'timestamp with time zone'
const stagedType = (column: TemplateColumn): string => {
  if (column.formatted) return 'text'
  if (isTime(column)) return 'int8'
  return column.type === 'date' ? 'int' : column.type
}

export const stageTemplates = async (
  client: pg.Client,
  templates: readonly Template[],
  tables: readonly TemplateTable[],
): Promise<void> => {
  for (const [index, { placedAtMs, endMs, products, instants, days }] of templates.entries())
    await client.query('insert into bench_history.template values ($1, $2, $3, $4, $5)', [
      index,
      endMs - placedAtMs,
      products,
      instants,
      days,
    ])
  for (const table of tables) await stageTable(client, table, templates)
}

const stageTable = async (client: pg.Client, table: TemplateTable, templates: readonly Template[]): Promise<void> => {
  const columns = table.columns.map((column) => `"${column.name}" ${stagedType(column)}`)
  await client.query(`create unlogged table ${stageName(table)} (template int, ord int, ${columns.join(', ')})`)
  const places = ['template', 'ord', ...table.columns].map((_, index) => `$${index + 1}`).join(', ')
  for (const [ord, { template, cells }] of table.rows.entries()) {
    const own = templates[template]
    const values = cells.map((cell, index) =>
      cell !== null && own !== undefined && table.columns[index]?.formatted === true ? formatOf(cell, own) : cell,
    )
    await client.query(`insert into ${stageName(table)} values (${places})`, [template, ord, ...values])
  }
  await client.query(`analyze ${stageName(table)}`)
}

/** A column of a copy. */
const valueOf = (column: TemplateColumn): string => {
  const staged = `s."${column.name}"`
  if (column.formatted) return `format(${staged}, variadic c.given)::${column.type}`
  if (isTime(column)) return `c.placed_at + bench_history.stretched(${staged}, c.life_ms, c.stretch) * interval '1 millisecond'`
  return column.type === 'date' ? `c.day + ${staged}` : staged
}

/** Copies `$1` to `$2`. Rows lie in the order in which they came: the journal by time, the rest by order. */
export const copyStatement = (table: TemplateTable): string => {
  const at = table.columns.find((column) => table.name === 'platform.journal' && column.name === 'at')
  const order = at === undefined ? 'c.n, s.ord' : `${valueOf(at)}, c.n, s.ord`
  return `insert into ${table.name} (${table.columns.map(({ name }) => `"${name}"`).join(', ')})
    select ${table.columns.map(valueOf).join(', ')} from bench_history.copy c join ${stageName(table)} s using (template)
     where c.n between $1 and $2 order by ${order}`
}

export type Spread = Readonly<{
  orders: number
  firstNumber: number
  products: number
  customers: number
  firstMs: number
  spanMs: number
  lifeMinMs: number
  lifeMoreMs: number
  zone: string
}>

/** One row a copy, with all the values that its rows are made of. */
export const makeCopies = async (client: pg.Client, spread: Spread): Promise<void> => {
  const { orders, firstNumber, products, customers, firstMs, spanMs, lifeMinMs, lifeMoreMs, zone } = spread
  await client.query(copiesSql, [orders, firstNumber, products, customers, firstMs, spanMs / orders, lifeMinMs, lifeMoreMs, zone])
  await client.query('analyze bench_history.copy')
}

const stretch = 'k.life / greatest(1, t.life_ms)::float8'
const instantText = `to_char((k.placed_at + bench_history.stretched(ms, t.life_ms, ${stretch}) * interval '1 millisecond') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** In the order of `commonValues`, then of the template's products, instants and days. */
const copiesSql = `
  insert into bench_history.copy
  select k.n, t.template, k.placed_at, k.day, t.life_ms, ${stretch},
      array[left(k.hex, 8) || '-' || right(k.hex, 4), upper(right(k.hex, 9)), left(md5(k.n::text), 16), ($2::int8 + k.n)::text, lpad(k.customer::text, 7, '0')]
      || (select coalesce(array_agg('S' || ((p - 1 + k.n * 31) % $3::int8 + 1) order by o), '{}') from unnest(t.products) with ordinality as u (p, o))
      || (select coalesce(array_agg(${instantText} order by o), '{}') from unnest(t.instants) with ordinality as u (ms, o))
      || (select coalesce(array_agg(to_char(k.day + d, 'YYYY-MM-DD') order by o), '{}') from unnest(t.days) with ordinality as u (d, o))
    from (
      select n, lpad(to_hex(ms), 12, '0') as hex, to_timestamp(ms / 1000.0) as placed_at, (to_timestamp(ms / 1000.0) at time zone $9)::date as day,
          $7::float8 + (n * 7919 % 100003) / 100003.0 * $8::float8 as life,
          case when n * 7919 % ${largeEvery} = 0 then 0 else 1 + n * 48271 % $4::int8 end as customer
        from (select n, ($5::float8 + n * $6::float8)::int8 as ms from generate_series(0, $1::int8 - 1) n) m
    ) k join bench_history.template t on t.template = k.n % ${livesCount} order by k.n`

type Index = Readonly<{ tableName: string; drop: string; make: string }>

/** Indexes are made anew after the filling: a tenth of the time of keeping them. @returns what makes them again. */
export const dropIndexes = async (client: pg.Client, tables: readonly TemplateTable[]): Promise<readonly Index[]> => {
  const { rows } = await client.query<Index>(
    `select t.name as "tableName",
        case when c.oid is null then format('drop index %s', i.indexrelid::regclass) else format('alter table %s drop constraint %I', t.name, c.conname) end as drop,
        case when c.oid is null then pg_get_indexdef(i.indexrelid) else format('alter table %s add constraint %I %s', t.name, c.conname, pg_get_constraintdef(c.oid)) end as make
       from unnest($1::text[]) as t (name) join pg_index i on i.indrelid = t.name::regclass left join pg_constraint c on c.conindid = i.indexrelid`,
    [tables.map(({ name }) => name)],
  )
  for (const { drop } of rows) await client.query(drop)
  return rows
}
