/** What shipping does because of fulfilment: parcels are announced, blocked, addressed, called off. */
import { isRefusal } from '../kernel/decider.ts'
import type { Envelope, Fact } from '../kernel/event.ts'
import type { FulfilmentEvent } from '../fulfilment/contract.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Asked } from '../platform/streams/service.ts'
import { isAnnounced, type ParcelCommand } from './parcel.ts'
import type { ShippingService } from './service.ts'

type Followed = Extract<
  FulfilmentEvent,
  { type: 'FulfilmentPacked' | 'FulfilmentReduced' | 'CollectionHeld' | 'CollectionUnheld' | 'FulfilmentAddressed' }
>
const followed: readonly Followed['type'][] = [
  'FulfilmentPacked',
  'FulfilmentReduced',
  'CollectionHeld',
  'CollectionUnheld',
  'FulfilmentAddressed',
]
const isFollowed = (event: Fact): event is Followed => followed.some((type) => type === event.type)

/**
 * Follows the work's own stream, where holds and packing have one order: a hold that came first is in the announcement, one
 * that came later blocks what was announced.
 */
export const fulfilmentFollowed = (service: ShippingService): Reaction => ({
  name: 'shipping.fulfilment',
  on: followed,
  react: async (work, envelopes) => {
    const { parcels } = service.stores
    const ids = await parcels.idsBy(work, 'fulfilment_id', [...new Set(envelopes.map(({ stream }) => stream))])
    const known = new Map<string, string[]>()
    const carriers = new Map<string, string>()
    for (const [id, { state }] of await parcels.lock(work, ids)) {
      if (!isAnnounced(state)) continue
      known.set(state.fulfilment, [...(known.get(state.fulfilment) ?? []), id])
      carriers.set(id, state.carrier)
    }
    const commandsOf = (envelope: Envelope): readonly Asked<ParcelCommand>[] => {
      const { event, stream, actor, position } = envelope
      const origin = { actor, cause: `journal:${position}` }
      if (!isFollowed(event)) return []
      const each = (command: (id: string) => Asked<ParcelCommand>['command']): Asked<ParcelCommand>[] =>
        (known.get(stream) ?? []).map((id) => ({ id, origin, command: command(id) }))
      switch (event.type) {
        case 'FulfilmentPacked': {
          const announced = service.announcements({ fulfilment: stream, event }, origin)
          for (const { id, command } of announced) if (command.do === 'announce') carriers.set(id, command.carrier)
          known.set(stream, [...new Set([...(known.get(stream) ?? []), ...announced.map(({ id }) => id)])])
          return announced
        }
        case 'FulfilmentReduced':
          return (event.opened ?? []).map((id) => ({ id, origin, command: { do: 'cancel' } }))
        case 'CollectionHeld':
          return each(() => ({ do: 'hold', held: true }))
        case 'CollectionUnheld':
          return each(() => ({ do: 'hold', held: false }))
        case 'FulfilmentAddressed': {
          const { country, postalCode, addressPending } = event
          return each((id) => {
            const waitsForAddress = addressPending && (service.carrier(carriers.get(id) ?? '')?.needsAddress ?? true)
            return { do: 'address', country, postalCode, waitsForAddress }
          })
        }
      }
    }
    const outcomes = await service.parcels.within(work, envelopes.flatMap(commandsOf))
    // A carrier that already has the parcel keeps it: cancelling it was asked too late, and it comes back as a return.
    const odd = outcomes.find((outcome) => isRefusal(outcome) && outcome.refused !== 'parcel_collected')
    if (odd !== undefined && isRefusal(odd)) throw new Error(`a parcel refused fulfilment's news: ${odd.detail}`)
    return envelopes.map((): Handled => 'done')
  },
})
