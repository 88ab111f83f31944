/**
 * How PostgreSQL finds the rows of statements that are planned once a connection: by an index and its key, whatever the
 * tables hold at that moment. A plan that walks a table is quick while a shop is new, and stays when it has grown.
 */
import pg from 'pg'
import type { Connection } from '../../src/platform/postgres/database.ts'
import { planByKey } from '../../src/platform/postgres/plans.ts'

type Plan = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  Filter?: string
  Plans?: readonly Plan[]
}>
type Asked = Readonly<{ name?: unknown; text?: unknown }>

/** Notes every statement with a name that this process asks from now on. @returns what was noted, by name. */
export const noteStatements = (): ReadonlyMap<string, string> => {
  const noted = new Map<string, string>()
  const clients: { query: (...asked: readonly unknown[]) => unknown } = pg.Client.prototype
  clients.query = new Proxy(clients.query, {
    apply: (query, client, asked) => {
      const { name, text } = (asked[0] ?? {}) as Asked
      if (typeof name === 'string' && typeof text === 'string') noted.set(name, text)
      return Reflect.apply(query, client, asked)
    },
  })
  return noted
}

/** The statements that walk a table or an index, each with where; as they are planned on this database now. */
export const walks = async (connection: Connection, statements: ReadonlyMap<string, string>): Promise<readonly string[]> => {
  const base: pg.ClientConfig = typeof connection === 'string' ? { connectionString: connection } : connection
  const client = new pg.Client({ ...base, options: planByKey })
  await client.connect()
  try {
    const found: string[] = []
    for (const [name, text] of statements) {
      if (!/^\s*(?:select|insert|update|delete|with)\b/i.test(text)) continue
      const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ Plan: Plan }] }>(
        `explain (generic_plan, format json) ${text}`,
      )
      for (const { 'QUERY PLAN': plans } of rows)
        found.push(...walkedBy(plans[0].Plan, 'the statement').map((where) => `${name}: ${where}`))
    }
    return found
  } finally {
    await client.end()
  }
}

const walkedBy = (plan: Plan, parent: string): readonly string[] => {
  const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index = '', 'Index Cond': key, Filter: filter } = plan
  const below = (plan.Plans ?? []).flatMap((inner) => walkedBy(inner, type))
  if (type === 'Seq Scan') return [`reads all of ${table}`, ...below]
  // One end of an index, as for the highest position.
  const isFirstOnly = parent === 'Limit' && filter === undefined
  const walksIndex = /^(?:Bitmap )?Index/.test(type) && key === undefined && !isFirstOnly
  return walksIndex ? [`walks ${index}${filter === undefined ? '' : ` for ${filter}`}`, ...below] : below
}
