/**
 * Every row that a few orders left, as templates: what is an order's own (ids, numbers, names, products, times) is cut out
 * and named by the place of its value among a copy's values, in the manner of PostgreSQL's `format`.
 */
import type pg from 'pg'
import type { OrderId } from '../../src/kernel/ids.ts'

/** The values that every copy has, in this order; a template's products, instants and days follow them. */
export const commonValues = ['idStart', 'idDigits', 'chance', 'number', 'customer'] as const

export type Template = Readonly<{
  placedAtMs: number
  /** The instant after which nothing happened to the order. */
  endMs: number
  number: number
  /** Numbers of its products, milliseconds after placing, and days after the day of placing: its values after the common ones. */
  products: readonly number[]
  instants: readonly number[]
  days: readonly number[]
}>
export type TemplateColumn = Readonly<{ name: string; type: string; formatted: boolean }>
export type TemplateTable = Readonly<{
  name: string
  columns: readonly TemplateColumn[]
  /** By column, with the template's index; a time is milliseconds after placing, a date days after that day. */
  rows: readonly Readonly<{ template: number; cells: readonly (string | null)[] }>[]
}>

/** Not an order's for ever: finished tasks go, figures are sums, and mails are kept only where no mail server is set. */
const leftOut = new Set([
  'platform.tasks',
  'platform.consumers',
  'platform.migrations',
  'inventory.levels',
  'notifications.outbox',
  'notifications.sms',
  'insights.figures',
  'insights.durations',
  'insights.promotions',
  'insights.stock',
])
/** Made anew by the database. */
const ownedByDatabase = new Set(['xid', 'position'])

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g
const iso = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g
const dayMs = 86_400_000

type TextRow = Readonly<Record<string, string | null>>
type Read = Readonly<{ name: string; columns: readonly Readonly<{ name: string; type: string }>[]; rows: readonly TextRow[] }>

/** @param dayOf the day of an instant where the shop is. */
export const readTemplates = async (client: pg.Client, orders: readonly OrderId[], dayOf: (ms: number) => string) => {
  const read = await readTables(client)
  const owners = ownersOf(read, orders)
  const templates = orders.map((id) => new Cutting(id, dayOf))
  for (const { name, rows } of read) {
    for (const row of rows) {
      const owner = ownerOf(row, owners)
      if (owner !== undefined) templates[owner]?.learn(name, row)
    }
  }
  const tables = read.map(({ name, columns, rows }): TemplateTable => {
    const kept = columns.filter((column) => !ownedByDatabase.has(column.name) || column.type !== 'bigint')
    const cut = rows.flatMap((row) => {
      const template = ownerOf(row, owners)
      const cutting = template === undefined ? undefined : templates[template]
      if (template === undefined || cutting === undefined) return []
      return [{ template, cells: kept.map((column) => cutting.cut(name, column, row[column.name] ?? null)) }]
    })
    const formatted = (index: number): boolean => cut.some(({ cells }) => cells[index]?.includes('%') === true)
    return { name, columns: kept.map((column, index) => ({ ...column, formatted: formatted(index) })), rows: cut }
  })
  return { templates: templates.map((one) => one.template()), tables: tables.filter(({ rows }) => rows.length > 0) }
}

/** All rows that name an order or could: the stock's count, made before any order, is left aside. */
const readTables = async (client: pg.Client): Promise<readonly Read[]> => {
  const { rows: found } = await client.query<{ name: string; columns: { name: string; type: string }[]; byOrder: boolean }>(
    `select table_schema || '.' || table_name as name,
        json_agg(json_build_object('name', column_name, 'type', data_type) order by ordinal_position) filter (where is_identity = 'NO' and column_name <> 'xid') as columns,
        bool_or(column_name = 'order_id') as "byOrder"
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema', 'catalog', 'identity') group by 1 order by 1`,
  )
  const read: Read[] = []
  for (const { name, columns, byOrder } of found) {
    if (leftOut.has(name) || columns === null) continue
    const text = columns.map((column) => `${asText(column)} as "${column.name}"`).join(', ')
    const order = name === 'platform.journal' ? 'order by position' : ''
    const { rows } = await client.query<TextRow>(
      `select ${text} from ${name} ${byOrder ? 'where order_id is not null' : ''} ${order}`,
    )
    read.push({ name, columns, rows })
  }
  return read
}

const asText = ({ name, type }: Readonly<{ name: string; type: string }>): string =>
  type === 'timestamp with time zone' ? `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')` : `${name}::text`

/** Whose an id is: rows that share an id are of one order. */
const ownersOf = (read: readonly Read[], orders: readonly OrderId[]): Map<string, number> => {
  const owners = new Map<string, number>(orders.map((id, index) => [id, index]))
  for (let grown = true; grown; ) {
    grown = false
    for (const { rows } of read) {
      for (const row of rows) {
        const ids = idsIn(row)
        const owner = ids.map((id) => owners.get(id)).find((one) => one !== undefined)
        if (owner === undefined) continue
        for (const id of ids) {
          if (owners.has(id)) continue
          owners.set(id, owner)
          grown = true
        }
      }
    }
  }
  return owners
}

const idsIn = (row: TextRow): string[] => Object.values(row).flatMap((cell) => cell?.match(uuid) ?? [])
const ownerOf = (row: TextRow, owners: ReadonlyMap<string, number>): number | undefined =>
  idsIn(row)
    .map((id) => owners.get(id))
    .find((one) => one !== undefined)

/** Cuts one order's own values out of its rows. */
class Cutting {
  readonly #id: OrderId
  readonly #dayOf: (ms: number) => string
  readonly #products: number[] = []
  readonly #instants: number[] = []
  readonly #days: number[] = []
  #placedAtMs = 0
  #endMs = 0
  #number = 0

  constructor(id: OrderId, dayOf: (ms: number) => string) {
    this.#id = id
    this.#dayOf = dayOf
  }

  learn(table: string, row: TextRow): void {
    if (table === 'orders.orders' && row['id'] === this.#id) {
      this.#placedAtMs = Date.parse(row['placed_at'] ?? '')
      this.#number = Number(row['number'])
    }
    if (table === 'platform.journal') this.#endMs = Math.max(this.#endMs, Date.parse(row['at'] ?? ''))
  }

  cut(table: string, { name, type }: Readonly<{ name: string; type: string }>, cell: string | null): string | null {
    if (cell === null) return null
    if (type === 'timestamp with time zone') return String(Date.parse(cell) - this.#placedAtMs)
    if (type === 'date') return String(this.#dayDelta(cell))
    if (type === 'bigint' && name.endsWith('number')) return '%4$s'
    if (type !== 'json' && type !== 'jsonb' && type !== 'text' && type !== 'uuid') return cell
    // A key is the caller's own random text: in the order of time it would cost its index nothing.
    if (table === 'platform.keys' && name === 'key') return `%3$s${cell.slice(-6)}`
    return this.#cutText(cell)
  }

  #cutText(text: string): string {
    return text
      .replaceAll('%', '%%')
      .replaceAll(/sim_[\w-]{16}([\w-]{6})/g, (_, end: string) => `sim_%3$s${end}`)
      .replaceAll(/SIM[0-9A-F]{10}([0-9A-F]{5})/g, (_, end: string) => `SIM1%2$s${end}`)
      .replaceAll(uuid, (id) => `%1$s${id.slice(13)}`)
      .replaceAll(iso, (at) => this.#place(this.#instants, Date.parse(at) - this.#placedAtMs, 'instants'))
      .replaceAll(/"(\d{4}-\d{2}-\d{2})"/g, (_, day: string) => `"${this.#place(this.#days, this.#dayDelta(day), 'days')}"`)
      .replaceAll(/^S(\d+)$|"S(\d+)"/g, (whole: string, alone: string | undefined, quoted: string | undefined) => {
        const place = this.#place(this.#products, Number(alone ?? quoted), 'products')
        return whole.startsWith('"') ? `"${place}"` : place
      })
      .replaceAll(/ref-c\d{5}/g, 'ref-%4$s')
      .replaceAll(/\bc\d{5}\b/g, 'c%5$s')
      .replaceAll(`"number":${this.#number}`, '"number":%4$s')
  }

  #dayDelta(day: string): number {
    return Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${this.#dayOf(this.#placedAtMs)}T00:00:00Z`)) / dayMs)
  }

  /** A mark that becomes a place once all of a kind are known: `%instants:3$s`. */
  #place(values: number[], value: number, kind: string): string {
    if (!values.includes(value)) values.push(value)
    return `%${kind}:${values.indexOf(value)}$s`
  }

  template(): Template {
    return {
      placedAtMs: this.#placedAtMs,
      endMs: this.#endMs,
      number: this.#number,
      products: this.#products,
      instants: this.#instants,
      days: this.#days,
    }
  }
}

/** Turns the marks into places among the values of a template's copies. */
export const formatOf = (text: string, { products, instants }: Template): string =>
  text.replaceAll(/%(products|instants|days):(\d+)\$s/g, (_, kind: string, index: string) => {
    const before = { products: 0, instants: products.length, days: products.length + instants.length }[kind] ?? 0
    return `%${commonValues.length + before + Number(index) + 1}$s`
  })
