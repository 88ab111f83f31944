/** Orders of one customer packed into one parcel: whose work goes into it, and what the parcel is then. Pure. */
import type { SharedParcel } from './contract.ts'
import { gramsOf, isLive, type FulfilmentOrder, type Live, unpacked, unpicked } from './work.ts'

export type Part = Readonly<{ id: string; state: Live; parcel: string; weightGrams: number }>
export type Sharing = Readonly<{ shared: SharedParcel; parts: readonly Part[] }>

/**
 * Who packs one of them packs all that are ready. What is not ready by then is not waited for, and leaves by itself.
 * @param id the work that is being packed
 */
export const sharingOf = (
  id: string,
  states: ReadonlyMap<string, Readonly<{ state: FulfilmentOrder }>>,
  mint: () => string,
): Sharing | undefined => {
  const first = states.get(id)?.state
  if (first === undefined || !isLive(first) || !isReady(first)) return undefined
  const ready = [...states].flatMap(([other, { state }]) =>
    other !== id && isLive(state) && isReady(state) && isSameParcel(first, state) ? [{ id: other, state }] : [],
  )
  if (ready.length === 0) return undefined
  const parts = [{ id, state: first }, ...ready].map((one): Part => {
    return { ...one, parcel: mint(), weightGrams: gramsOf(one.state, unpacked(one.state)) }
  })
  const weightGrams = parts.reduce((sum, part) => sum + part.weightGrams, 0)
  return { shared: { id: parts[0]?.parcel ?? id, weightGrams, parts: parts.map(({ parcel }) => parcel) }, parts }
}

/** All of it is picked, nothing is packed, and nothing keeps its parcel from leaving. */
const isReady = (state: Live): boolean =>
  state.combined !== undefined &&
  state.status === 'picking' &&
  state.parcels.length === 0 &&
  !state.held &&
  !state.collectionHeld &&
  !state.addressPending &&
  state.lines.every((line) => unpicked(line) === 0)

const isSameParcel = (a: Live, b: Live): boolean =>
  a.combined?.shipment === b.combined?.shipment &&
  a.order !== b.order &&
  a.place === b.place &&
  a.country === b.country &&
  a.postalCode === b.postalCode &&
  a.shippingMethod === b.shippingMethod
