/** What the routes of shipping share: shapes of requests, problems, and what a caller may see. */
import { Type } from '@fastify/type-provider-typebox'
import type { OrderId, Place } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import type { ParcelStatus } from '../orders/contract.ts'
import type { Principal } from '../platform/http/policy.ts'
import type { ProblemTable } from '../platform/http/refusals.ts'
import { type LiveParcel, parcelActions, parcelView } from './parcel.ts'
import type { HandOverReason } from './service.ts'
import { attemptsOf } from './tracking.ts'

const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
export const idParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) })
export const orderParams = Type.Object({ id: Type.Unsafe<OrderId>({ type: 'string', pattern: uuidPattern }) })
export const place = Type.Unsafe<Place>({ type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,64}$' })
export const carrierName = Type.String({ pattern: '^[a-z0-9_-]{1,40}$' })

/** What people may report; a label and a cancellation have ways of their own. */
export const reportable = [
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'ready_for_pickup',
  'failed_attempt',
  'delivered',
  'returned_to_sender',
  'exception',
] as const satisfies readonly ParcelStatus[]
const statuses: readonly ParcelStatus[] = ['label_created', ...reportable, 'cancelled']

export const statusesOf = (text: string | undefined): readonly ParcelStatus[] | undefined => {
  if (text === undefined) return undefined
  const isStatus = (word: string): word is ParcelStatus => statuses.some((status) => status === word)
  const asked = text.split(',')
  const known = asked.filter(isStatus)
  if (known.length === asked.length) return known
  const kind = { status: 400, title: 'Request is not valid' }
  throw new Problem('invalid_request', kind, `status is one or more of ${statuses.join(', ')}.`, {
    errors: [{ pointer: '/status', code: 'unknown_value' }],
  })
}

export const parcelProblems: ProblemTable<HandOverReason> = {
  parcel_not_found: { status: 404, title: 'No such parcel' },
  collection_blocked: { status: 409, title: 'It may not be handed over' },
  parcel_cancelled: { status: 409, title: 'The parcel is cancelled' },
  parcel_not_astray: { status: 409, title: 'It is not astray' },
  parcel_collected: { status: 409, title: 'The carrier has it already' },
  parcel_not_collected: { status: 409, title: 'The carrier has not got it yet' },
  no_parcels: { status: 409, title: 'Nothing is packed' },
}

export const noParcel = (): Problem =>
  new Problem('parcel_not_found', parcelProblems.parcel_not_found, 'There is no parcel with this id.')

/** Warehouse staff see their own warehouse's parcels, a logistics partner those of its own carrier; to others they do not exist. */
export const maySee = ({ role, place: own, carrier }: Principal, parcel: LiveParcel): boolean =>
  (role !== 'warehouse' || own === parcel.place) && (role !== 'logistics_partner' || carrier === parcel.carrier)

/** The carrier a caller may ask about. */
export const mayAsk = ({ role, carrier }: Principal, asked: string): void => {
  if (role !== 'logistics_partner' || carrier === asked) return
  throw new Problem(
    'other_carrier',
    { status: 403, title: 'It belongs to another carrier' },
    `Your key is for ${carrier ?? 'no carrier'}.`,
  )
}

export const shown = (id: string, version: number, state: LiveParcel) => ({
  ...parcelView(id, state),
  version,
  number: state.number,
  service: state.service,
  weightGrams: state.weightGrams,
  country: state.country,
  postalCode: state.postalCode,
  blocked: state.held || state.waitsForAddress,
  blockedBy: [...(state.held ? ['hold'] : []), ...(state.waitsForAddress ? ['address_missing'] : [])],
  actions: parcelActions(state),
})

/** What the driver signs: everything that waits for him. */
export const manifest = (carrier: string, rows: readonly Readonly<{ id: string; state: LiveParcel }>[]) => {
  const parcels = rows.map(({ id, state }) => ({
    id,
    number: state.number,
    place: state.place,
    tracking: state.label?.tracking ?? null,
    service: state.service,
    weightGrams: state.weightGrams,
    country: state.country,
    postalCode: state.postalCode,
  }))
  return { carrier, count: parcels.length, weightGrams: parcels.reduce((sum, one) => sum + one.weightGrams, 0), parcels }
}

export const manifestText = ({ carrier, count, weightGrams, parcels }: ReturnType<typeof manifest>): string =>
  [
    `MANIFEST  ${carrier}  ${count} parcels  ${(weightGrams / 1000).toFixed(3)} kg`,
    '',
    ...parcels.map(
      ({ tracking, number, place: from, weightGrams: grams, postalCode, country }) =>
        `${(tracking ?? 'no label yet').padEnd(20)} order ${String(number).padEnd(10)} ${from.padEnd(14)} ${(grams / 1000).toFixed(3).padStart(9)} kg  ${postalCode} ${country}`,
    ),
    '',
    'Received by: ______________________',
    '',
  ].join('\n')

/** What anyone with the tracking number may know. */
export const publicTracking = ({ label, carrier, status, known }: LiveParcel) => ({
  trackingNumber: label?.tracking,
  carrier,
  status,
  attempts: attemptsOf(known),
})
