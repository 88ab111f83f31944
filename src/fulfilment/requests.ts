/** What the routes of fulfilment share: shapes of requests, problems, the caller's warehouse. Pure. */
import { Type } from '@fastify/type-provider-typebox'
import type { OrderId, Place, Sku } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import type { Principal } from '../platform/http/policy.ts'
import type { ProblemTable } from '../platform/http/refusals.ts'
import type { FulfilmentReason } from './fulfilment-order.ts'
import type { TransferReason } from './transfer.ts'

export const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
export const orderId = Type.Unsafe<OrderId>({ type: 'string', pattern: uuidPattern })
export const idParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) })
const placePattern = '^[A-Za-z0-9_.:-]{1,64}$'
export const place = Type.Unsafe<Place>({ type: 'string', pattern: placePattern })
export const sku = Type.Unsafe<Sku>({ type: 'string', pattern: '^[A-Za-z0-9 ._:-]{1,64}$' })
/** As many as an order may have (DESIGN §13, limits). */
const linesMax = 2_000
export const quantity = Type.Integer({ minimum: 1, maximum: 1_000_000 })
export const lineUnits = Type.Object({ line: Type.Integer({ minimum: 0 }), quantity }, { additionalProperties: false })
export const someLines = Type.Array(lineUnits, { minItems: 1, maxItems: linesMax })
export const anyLines = Type.Array(lineUnits, { maxItems: linesMax })
/** A body that may be left out altogether. */
export const Optionally = <Body extends Parameters<typeof Type.Object>[0]>(properties: Body) =>
  Type.Union([Type.Object(properties, { additionalProperties: false }), Type.Null()])

export const words = <Word extends string>(
  text: string | undefined,
  known: readonly Word[],
  pointer: string,
): readonly Word[] | undefined => {
  if (text === undefined) return undefined
  const isKnown = (word: string): word is Word => known.some((candidate) => candidate === word)
  const asked = text.split(',')
  const fits = asked.filter(isKnown)
  if (fits.length === asked.length) return fits
  throw new Problem(
    'invalid_request',
    { status: 400, title: 'Request is not valid' },
    `${pointer.slice(1)} is one or more of ${known.join(', ')}.`,
    {
      errors: [{ pointer, code: 'unknown_value' }],
    },
  )
}

/** Warehouse staff see and move their own warehouse's work only. */
export const mayWorkAt = ({ role, place: own }: Principal, ...places: readonly Place[]): void => {
  if (role !== 'warehouse' || (own !== undefined && places.includes(own))) return
  throw new Problem(
    'other_warehouse',
    { status: 403, title: 'It belongs to another warehouse' },
    own === undefined ? 'Your key names no warehouse.' : `Your key is for ${own}, and this is at ${places.join(' and ')}.`,
  )
}

export const fulfilmentProblems: ProblemTable<FulfilmentReason> = {
  fulfilment_not_found: { status: 404, title: 'No such fulfilment order' },
  fulfilment_exists: { status: 409, title: 'Fulfilment order exists already' },
  fulfilment_held: { status: 409, title: 'A hold blocks it' },
  step_not_possible: { status: 409, title: 'Not possible now' },
  line_not_found: { status: 422, title: 'No such line' },
  quantity_exceeds_open: { status: 422, title: 'More than is open' },
  units_not_picked: { status: 409, title: 'Not everything is picked' },
  parcels_incomplete: { status: 422, title: 'Parcels do not add up' },
  bundle_split: { status: 422, title: 'A bundle must stay together' },
}
export const transferProblems: ProblemTable<TransferReason> = {
  transfer_not_found: { status: 404, title: 'No such transfer' },
  transfer_exists: { status: 409, title: 'Transfer exists already' },
  transfer_invalid: { status: 422, title: 'Not a transfer' },
  step_not_possible: { status: 409, title: 'Not possible now' },
  line_not_found: { status: 422, title: 'No such line' },
  quantity_exceeds_open: { status: 422, title: 'More than is open' },
}
export const notFound = (code: 'fulfilment_not_found' | 'transfer_not_found'): Problem =>
  new Problem(code, { ...fulfilmentProblems, ...transferProblems }[code], 'There is nothing with this id.')

export const parcelBody = Type.Object(
  { weightGrams: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })), lines: someLines },
  { additionalProperties: false },
)
