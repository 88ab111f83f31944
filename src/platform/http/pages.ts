/** Lists, a page at a time: `limit` and `after` in, `page.next` out, which is the next one's `after`. */
import { Type } from '@fastify/type-provider-typebox'
import { Problem } from '../../kernel/problem.ts'
import { readCursor, signCursor } from './cursors.ts'

/** A screen or two; more is what exports are for. */
const pageMax = 200
const pageDefault = 50

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageMax })),
  after: Type.Optional(Type.String({ maxLength: 200 })),
}
type PageQuery = Readonly<{ limit?: number; after?: string }>
export type PageAsked = Readonly<{ limit: number; after?: string }>
export type Paged<View> = Readonly<{ data: readonly View[]; page: Readonly<{ next: string | null }> }>

/** @throws Problem `cursor_invalid` for what we did not sign */
export const pageOf = ({ limit = pageDefault, after }: PageQuery): PageAsked =>
  after === undefined ? { limit } : { limit, after: readCursor(after) }

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** The same for lists that go by id. @throws Problem `cursor_invalid` also for another list's cursor, which is signed too and is no id */
export const pageById = (query: PageQuery): PageAsked => {
  const page = pageOf(query)
  if (page.after === undefined || uuid.test(page.after)) return page
  throw otherList()
}
export const otherList = (): Problem =>
  new Problem('cursor_invalid', { status: 400, title: 'Cursor is not usable' }, 'This cursor belongs to another list.')

/**
 * @param rows one more than the page, where there is one: it says that there is a next page
 * @param view undefined leaves a row out
 */
export const paged = <Row, View>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View | undefined,
  keyOf: (row: Row) => string,
): Paged<View> => {
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  const data = shown.map(view).filter((one) => one !== undefined)
  return { data, page: { next: last === undefined ? null : signCursor(keyOf(last)) } }
}
export const idOf = ({ id }: Readonly<{ id: string }>): string => id
