/** All the SQL of the catalogue: rows are locked by key, decided on, and saved whole. */
import type { Instant } from '../kernel/ids.ts'
import { type Database, sql } from '../platform/postgres/database.ts'
import type { ColumnType, SqlWrite, Work, Write } from '../platform/store/work.ts'
import type { Product } from './product.ts'
import type { Promotion, ShippingMethod } from './promotion.ts'

export type Changed = Readonly<{ key: string; version: number }>

export type Changes = Readonly<{ now: Instant; tally: string }>

/** Rows that have a key and a version, and are saved as a batch decided them. */
export interface RowRepository<Row> {
  /** Loads and locks, in key order. */
  lock(work: Work, keys: readonly string[]): Promise<Map<string, Row>>
  /** `fresh` rows must not be there yet (another process's aborts the batch), `changed` ones are those that were locked. */
  save(rows: Readonly<{ fresh: readonly Row[]; changed: readonly Row[] }>, now: Instant): readonly Write[]
  get(keys: readonly string[]): Promise<readonly Row[]>
  /** A page by key, after the key `after`. */
  page(after: string | undefined, limit: number): Promise<readonly Row[]>
  /** Which rows changed after `at`, and to which version: after an import there are many, and most are known already. */
  changedSince(at: Instant): Promise<readonly Changed[]>
  /** What time it is by the database's clock, and a tally of what changed after `since`: another one each time more did. */
  changes(since: Instant | undefined): Promise<Changes>
}
export type ProductFilter = Readonly<{ q?: string | undefined; archived: boolean; after?: string | undefined; limit: number }>
/** Requirement B13's repository of products. */
export interface ProductRepository extends RowRepository<Product> {
  list(filter: ProductFilter): Promise<readonly Product[]>
}
export interface CatalogStores {
  readonly products: ProductRepository
  readonly promotions: RowRepository<Promotion>
  shippingMethods(): Promise<readonly ShippingMethod[]>
  saveShippingMethod(method: ShippingMethod): Promise<void>
}

type Table<Row> = Readonly<{
  name: string
  /** In the order of `columns`, the key first and the version last. */
  names: readonly string[]
  types: readonly ColumnType[]
  of: (row: Row) => readonly (string | number | boolean | null)[]
}>

class PostgresRows<Row extends Readonly<{ version: number }>> implements RowRepository<Row> {
  readonly #database: Database
  readonly #table: Table<Row>
  readonly #columns: string
  readonly #parse: (row: Row) => readonly [string, Row]
  constructor(database: Database, table: Table<Row>) {
    this.#database = database
    this.#table = table
    // Columns come back under the names of the type's fields; `changed_at` is the store's own.
    this.#columns = table.names.map((name) => `${name} as "${camel(name)}"`).join(', ')
    this.#parse = (row) => [String(table.of(row)[0]), row]
  }

  async lock(work: Work, keys: readonly string[]): Promise<Map<string, Row>> {
    const { name, names } = this.#table
    const statement = {
      name: `lock_${name}`,
      text: `select ${this.#columns} from ${name} where ${names[0]} = any($1::text[]) order by ${names[0]} for update`,
    }
    const rows = keys.length === 0 ? [] : await sql(work).query<Row>(statement, [[...new Set(keys)]])
    return new Map(rows.map(this.#parse))
  }

  save({ fresh, changed }: Parameters<RowRepository<Row>['save']>[0], now: Instant): readonly Write[] {
    const { name, names, types } = this.#table
    const all = [...names, 'changed_at']
    const values = [...types, 'timestamptz' as const].map((type, index) => `$${index + 1}::${type}[]`).join(', ')
    const insert = `insert into ${name} (${all.join(', ')}) select * from unnest(${values})`
    const update = `update ${name} r set ${all
      .slice(1)
      .map((column) => `${column} = t.${column}`)
      .join(', ')}
      from unnest(${values}) as t (${all.join(', ')}) where r.${names[0]} = t.${names[0]} and r.version < t.version returning 1`
    return [
      this.#write(`${name}.fresh`, insert, fresh, now),
      { ...this.#write(`${name}.changed`, update, changed, now), guarded: true },
    ]
  }

  get(keys: readonly string[]): Promise<readonly Row[]> {
    return this.read(`where ${this.#table.names[0]} = any($1::text[])`, [keys])
  }

  page(after: string | undefined, limit: number): Promise<readonly Row[]> {
    const key = this.#table.names[0]
    return this.read(`where $1::text is null or ${key} > $1 order by ${key} limit $2`, [after ?? null, limit])
  }

  changedSince(at: Instant): Promise<readonly Changed[]> {
    const { name, names } = this.#table
    return this.#database.read<{ key: string; version: number }>(
      `select ${names[0]} as key, version from ${name} where changed_at > $1::timestamptz`,
      [at],
    )
  }

  async changes(since: Instant | undefined): Promise<Changes> {
    const [row] = await this.#database.read<Changes>(
      `select clock_timestamp() as now, (select count(*) || ' ' || coalesce(sum(version), 0) from ${this.#table.name} where changed_at > $1::timestamptz) as tally`,
      [since ?? null],
    )
    if (row === undefined) throw new Error('the database did not say what time it is')
    return row
  }

  protected read(condition: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#database.read<Row>(`select ${this.#columns} from ${this.#table.name} ${condition}`, values)
  }

  #write(name: string, text: string, rows: readonly Row[], now: Instant): SqlWrite {
    const { of, types } = this.#table
    const values = rows.map((row) => [...of(row), now])
    return {
      name,
      sql: text,
      types: [...types, 'timestamptz'],
      columns: [...types, 'timestamptz'].map((_, index) => values.map((row) => row[index] ?? null)),
    }
  }
}

const camel = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const productTable: Table<Product> = {
  name: 'catalog.products',
  names: [
    'sku',
    'name',
    'description',
    'unit_price',
    'currency',
    'grams',
    'when_sold_out',
    'low_stock',
    'components',
    'prices',
    'archived',
    'version',
  ],
  types: ['text', 'text', 'text', 'int8', 'text', 'int4', 'text', 'int4', 'json', 'json', 'bool', 'int4'],
  of: (row) => [
    row.sku,
    row.name,
    row.description,
    row.unitPrice,
    row.currency,
    row.grams,
    row.whenSoldOut,
    row.lowStock,
    JSON.stringify(row.components),
    JSON.stringify(row.prices),
    row.archived,
    row.version,
  ],
}
const promotionTable: Table<Promotion> = {
  name: 'catalog.promotions',
  names: ['code', 'kind', 'value', 'currency', 'starts_at', 'ends_at', 'minimum_subtotal', 'active', 'version'],
  types: ['text', 'text', 'int8', 'text', 'timestamptz', 'timestamptz', 'int8', 'bool', 'int4'],
  of: (row) => [
    row.code,
    row.kind,
    row.value,
    row.currency,
    row.startsAt,
    row.endsAt,
    row.minimumSubtotal,
    row.active,
    row.version,
  ],
}

class PostgresProducts extends PostgresRows<Product> implements ProductRepository {
  constructor(database: Database) {
    super(database, productTable)
  }
  list({ q, archived, after, limit }: ProductFilter): Promise<readonly Product[]> {
    return this.read(
      `where ($1::text is null or sku > $1) and ($2::bool or not archived)
        and ($3::text is null or position(lower($3) in lower(name)) > 0 or position(lower($3) in lower(sku)) = 1)
        order by sku limit $4`,
      [after ?? null, archived, q ?? null, limit],
    )
  }
}

export class PostgresCatalog implements CatalogStores {
  readonly products: ProductRepository
  readonly promotions: RowRepository<Promotion>
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
    this.products = new PostgresProducts(database)
    this.promotions = new PostgresRows(database, promotionTable)
  }
  shippingMethods(): Promise<readonly ShippingMethod[]> {
    return this.#database.read<ShippingMethod>('select code, name, price, currency from catalog.shipping_methods order by code')
  }
  async saveShippingMethod({ code, name, price, currency }: ShippingMethod): Promise<void> {
    await this.#database.save([
      {
        name: 'catalog.shipping_methods',
        sql: `insert into catalog.shipping_methods (code, name, price, currency)
          select * from unnest($1::text[], $2::text[], $3::int8[], $4::text[])
          on conflict (code) do update set name = excluded.name, price = excluded.price, currency = excluded.currency`,
        types: ['text', 'text', 'int8', 'text'],
        columns: [[code], [name], [price], [currency]],
      },
    ])
  }
}
