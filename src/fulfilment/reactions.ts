/** What fulfilment does because of other rooms, and of its own transfers. Each takes a whole batch: one lock, one save. */
import { isRefusal } from '../kernel/decider.ts'
import type { Envelope, Fact } from '../kernel/event.ts'
import type { OrderEvent } from '../orders/contract.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Asked } from '../platform/streams/service.ts'
import type { ParcelEvent } from '../shipping/contract.ts'
import type { TransferEvent } from './contract.ts'
import type { Desk } from './desk.ts'
import type { FulfilmentCommand } from './fulfilment-order.ts'
import type { FulfilmentService } from './service.ts'

type Followed = Extract<
  OrderEvent,
  {
    type:
      | 'AssemblyRequested'
      | 'BackorderFilled'
      | 'WaitEnded'
      | 'ChoiceMade'
      | 'ParcelsCombined'
      | 'HoldPlaced'
      | 'HoldReleased'
      | 'AddressChanged'
      | 'UnitsCancelled'
      | 'OrderCancelled'
      | 'OrderExpired'
  }
>
const followed: readonly Followed['type'][] = [
  'AssemblyRequested',
  'BackorderFilled',
  'WaitEnded',
  'ChoiceMade',
  'ParcelsCombined',
  'HoldPlaced',
  'HoldReleased',
  'AddressChanged',
  'UnitsCancelled',
  'OrderCancelled',
  'OrderExpired',
]
const isFollowed = (event: Fact): event is Followed => followed.some((type) => type === event.type)

const follow = (desk: Desk, order: Envelope['stream'], event: Followed): void => {
  switch (event.type) {
    case 'AssemblyRequested':
      return desk.assemblyRequested(order, event)
    case 'BackorderFilled':
      return desk.supplyArrived(order, event.fills)
    case 'WaitEnded':
      return desk.waitEnded(order, event.lines)
    case 'ChoiceMade':
      return event.choice === 'split' ? desk.part(order, event.bundles) : undefined
    case 'ParcelsCombined':
      return desk.combined(order, event)
    case 'HoldPlaced':
      return desk.held(order, event.blocks)
    case 'HoldReleased':
      return desk.holds(order, event.releaseBlocked, event.releaseBlocked || event.collectionBlocked)
    case 'AddressChanged':
      return desk.addressed(order, event.destination)
    case 'UnitsCancelled':
      return desk.unitsCancelled(order, event)
    case 'OrderCancelled':
      return desk.orderClosed(order, event.reason)
    case 'OrderExpired':
      return desk.orderClosed(order, 'expired')
  }
}

const causedBy = ({ actor, position }: Envelope) => ({ actor, cause: `journal:${position}` })

/**
 * Everything orders says, in its order: work is planned, supply arrives, holds come and go. Cancellations are taken inline
 * (`cancelWithin`); their facts are followed here too, for units whose work was still being planned at that moment.
 */
export const ordersFollowed = (service: FulfilmentService): Reaction => ({
  name: 'fulfilment.orders',
  on: followed,
  react: async (work, envelopes) => {
    // What was cancelled since is not planned: the warehouse could send it before it hears of that.
    const planned = envelopes.flatMap(({ event, stream }) => (event.type === 'AssemblyRequested' ? [stream] : []))
    const ended = planned.length === 0 ? new Set() : await service.ended(work, planned)
    const desk = await service.open(
      work,
      envelopes.map(({ stream }) => stream),
    )
    for (const envelope of envelopes) {
      const { event, stream } = envelope
      desk.origin = causedBy(envelope)
      if (isFollowed(event) && !(event.type === 'AssemblyRequested' && ended.has(stream))) follow(desk, stream, event)
    }
    await service.finish(desk, work)
    return envelopes.map((): Handled => 'done')
  },
})

const decideAll = async (
  service: FulfilmentService,
  work: Parameters<Reaction['react']>[0],
  envelopes: readonly Envelope[],
  commandsOf: (envelope: Envelope) => readonly Asked<FulfilmentCommand>[],
): Promise<readonly Handled[]> => {
  const asked = envelopes.map(commandsOf)
  const outcomes = await service.fulfilments.within(work, asked.flat())
  let next = 0
  return asked.map((commands): Handled => {
    const mine = outcomes.slice(next, next + commands.length)
    next += commands.length
    for (const outcome of mine) if (isRefusal(outcome)) return { notYet: `${outcome.refused}: ${outcome.detail}` }
    return 'done'
  })
}

type TransferNews = Extract<TransferEvent, { type: 'TransferReceived' | 'TransferDeclined' }>
const isTransferNews = (event: Fact): event is TransferNews =>
  event.type === 'TransferReceived' || event.type === 'TransferDeclined'

const transferCommands = (envelope: Envelope): readonly Asked<FulfilmentCommand>[] => {
  const { event } = envelope
  if (!isTransferNews(event) || event.fulfilment === undefined) return []
  const about = { id: event.fulfilment, origin: causedBy(envelope) }
  if (event.type === 'TransferDeclined') return [{ ...about, command: { do: 'giveUp', lines: event.lines, reason: 'declined' } }]
  const lost = [...event.damaged, ...event.missing]
  return [
    { ...about, command: { do: 'arrive', lines: event.received, via: 'transfer', place: event.to } },
    ...(lost.length === 0 ? [] : [{ ...about, command: { do: 'giveUp' as const, lines: lost, reason: 'lost' as const } }]),
  ]
}

/** Units that travelled are there, or will not come. */
export const transfersFollowed = (service: FulfilmentService): Reaction => ({
  name: 'fulfilment.transfers',
  on: ['TransferReceived', 'TransferDeclined'],
  react: (work, envelopes) => decideAll(service, work, envelopes, transferCommands),
})

type ParcelNews = Extract<ParcelEvent, { type: 'ParcelCollected' | 'ParcelMoved' }>
const isParcelNews = (event: Fact): event is ParcelNews => event.type === 'ParcelCollected' || event.type === 'ParcelMoved'

const parcelCommands = (envelope: Envelope): readonly Asked<FulfilmentCommand>[] => {
  const { event } = envelope
  if (!isParcelNews(event)) return []
  const about = { id: event.fulfilment, origin: causedBy(envelope) }
  if (event.type === 'ParcelCollected') return [{ ...about, command: { do: 'parcelCollected', parcel: envelope.stream } }]
  return event.status === 'delivered' ? [{ ...about, command: { do: 'parcelDelivered', parcel: envelope.stream } }] : []
}

/** The work is collected, and delivered, when all its parcels are. */
export const parcelsFollowed = (service: FulfilmentService): Reaction => ({
  name: 'fulfilment.parcels',
  on: ['ParcelCollected', 'ParcelMoved'],
  react: (work, envelopes) => decideAll(service, work, envelopes, parcelCommands),
})
