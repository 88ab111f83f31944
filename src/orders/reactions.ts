/** Other rooms' news, brought to the order's own stream: so the order's version moves with everything its page shows. */
import type { Envelope, Fact } from '../kernel/event.ts'
import type { OrderId } from '../kernel/ids.ts'
import type { FulfilmentEvent, TransferEvent } from '../fulfilment/contract.ts'
import type { InventoryEvent } from '../inventory/contract.ts'
import type { PaymentEvent } from '../payments/contract.ts'
import type { Handled, Reaction } from '../platform/bus/consumers.ts'
import type { Work } from '../platform/store/work.ts'
import type { Unstamped } from '../platform/streams/service.ts'
import type { ParcelEvent } from '../shipping/contract.ts'
import type { OrderCommand } from './decide.ts'
import type { OrderService } from './service.ts'

type Command = Unstamped<OrderCommand>
type Asked = Readonly<{ id: OrderId; command: Command }>

/** A reaction that turns each event into commands for orders and decides them in one batch. */
const following = <Event extends Fact>(
  orders: OrderService,
  name: string,
  on: readonly Event['type'][],
  commands: (event: Event, envelope: Envelope) => readonly Asked[],
): Reaction => ({
  name,
  on,
  key: ({ event, stream }) => ('order' in event && typeof event.order === 'string' ? event.order : stream),
  react: async (work: Work, envelopes: readonly Envelope[]): Promise<readonly Handled[]> => {
    const asked = envelopes.flatMap((envelope) =>
      commands(envelope.event as Event, envelope).map((one) => ({
        ...one,
        origin: { actor: envelope.actor, cause: `journal:${envelope.position}` },
      })),
    )
    // A refusal here means that the order moved on meanwhile (cancelled, completed): the news changes nothing.
    if (asked.length > 0) await orders.within(work, asked)
    return envelopes.map(() => 'done')
  },
})

export const followPayments = (orders: OrderService): Reaction =>
  following<PaymentEvent>(
    orders,
    'orders.payments',
    [
      'PaymentStarted',
      'PaymentAuthorized',
      'PaymentCaptured',
      'PaymentFailed',
      'PaymentCancelled',
      'PaymentVoided',
      'PaymentRefunded',
      'PaymentUnknown',
    ],
    (event, { stream, actor }) => {
      // History brings both sides itself, at its own dates: followed again, its money would count twice.
      if (actor === 'import') return []
      const money = (step: Extract<Command, { do: 'recordMoney' }>['step'], amount: number, method?: string): Asked[] => [
        {
          id: event.order,
          command: { do: 'recordMoney', payment: stream, step, amount, ...(method === undefined ? {} : { method }) },
        },
      ]
      switch (event.type) {
        case 'PaymentStarted':
          return money('pending', event.amount, event.method)
        case 'PaymentAuthorized':
          return money('authorized', event.amount)
        case 'PaymentCaptured':
          return money('captured', event.amount)
        case 'PaymentRefunded':
          return money('refunded', event.amount)
        case 'PaymentVoided':
          return money('voided', event.amount)
        case 'PaymentUnknown':
          return money('unknown', 0)
        case 'PaymentFailed':
        case 'PaymentCancelled':
          return money('failed', 0)
        default:
          return []
      }
    },
  )

export const followFulfilment = (orders: OrderService): Reaction =>
  following<FulfilmentEvent>(
    orders,
    'orders.fulfilment',
    [
      'FulfilmentPlanned',
      'FulfilmentWaiting',
      'FulfilmentReleased',
      'UnitsPicked',
      'UnitsFoundShort',
      'UnitsNotComing',
      'FulfilmentPacked',
      'FulfilmentCollected',
      'FulfilmentDelivered',
      'FulfilmentReduced',
      'FulfilmentCancelled',
    ],
    (event, { stream }) => {
      const follow = (
        status: Extract<Command, { do: 'followFulfilment' }>['status'],
        place: Extract<Command, { do: 'followFulfilment' }>['place'],
        lines: Extract<Command, { do: 'followFulfilment' }>['lines'] = [],
      ): Asked[] => [{ id: event.order, command: { do: 'followFulfilment', fulfilment: stream, place, status, lines } }]
      switch (event.type) {
        case 'FulfilmentPlanned': {
          const waits = event.lines.some(({ kind }) => kind === 'backorder' || kind === 'preorder')
          const travels = event.lines.some(({ from }) => from !== event.place)
          return follow(waits ? 'awaiting_stock' : travels ? 'awaiting_transfer' : 'planned', event.place)
        }
        case 'FulfilmentWaiting':
          return follow(event.status, event.place)
        case 'FulfilmentReleased':
          return follow('released', event.place)
        case 'UnitsPicked':
          return follow('picking', event.place)
        case 'UnitsFoundShort':
          return [
            { id: event.order, command: { do: 'reportShort', place: event.place, lines: event.lines } },
            ...(event.over === true ? follow('short', event.place) : []),
          ]
        // Sourcing them again follows the transfer that did not bring them.
        case 'UnitsNotComing':
          return event.over === true ? follow('short', event.place) : []
        case 'FulfilmentPacked':
          return follow(
            'packed',
            event.place,
            event.parcels.flatMap(({ lines }) => lines.map(({ line, quantity }) => ({ line, quantity }))),
          )
        case 'FulfilmentCollected':
          return follow('collected', event.place)
        case 'FulfilmentDelivered':
          return follow('delivered', event.place)
        case 'FulfilmentReduced': {
          const again = event.unpacked ?? []
          if (again.length === 0) return []
          return [
            {
              id: event.order,
              command: {
                do: 'followFulfilment',
                fulfilment: stream,
                place: event.place,
                status: 'picking',
                lines: [],
                unpacked: again,
              },
            },
          ]
        }
        case 'FulfilmentCancelled':
          return follow('cancelled', event.place)
        default:
          return []
      }
    },
  )

export const followTransfers = (orders: OrderService): Reaction =>
  following<TransferEvent>(orders, 'orders.transfers', ['TransferSent', 'TransferReceived', 'TransferDeclined'], (event) => {
    const { order } = event
    if (order === undefined) return []
    switch (event.type) {
      case 'TransferSent':
        return [{ id: order, command: { do: 'recordMove', step: 'sent', from: event.from, to: event.to, lines: event.lines } }]
      // What did not come is stock's to say (`UnitsLost`): whose it was, it knows.
      case 'TransferReceived':
        return [
          { id: order, command: { do: 'recordMove', step: 'received', from: event.from, to: event.to, lines: event.received } },
        ]
      case 'TransferDeclined':
        return [{ id: order, command: { do: 'reportShort', place: event.from, lines: event.lines } }]
      default:
        return []
    }
  })

export const followParcels = (orders: OrderService): Reaction =>
  following<ParcelEvent>(orders, 'orders.parcels', ['ParcelMoved'], (event, { stream }) =>
    event.type === 'ParcelMoved'
      ? [
          {
            id: event.order,
            command: {
              do: 'followParcel',
              parcel: stream,
              fulfilment: event.fulfilment,
              status: event.status,
              carrier: event.carrier,
              attempts: event.attempts,
              lines: event.lines.map(({ line, quantity }) => ({ line, quantity })),
              ...(event.tracking === undefined ? {} : { tracking: event.tracking }),
            },
          },
        ]
      : [],
  )

export const followStock = (orders: OrderService): Reaction =>
  following<InventoryEvent>(orders, 'orders.stock', ['WaitingFilled', 'UnitsLost', 'SupplyMoved', 'SupplyLost'], (event) => {
    switch (event.type) {
      case 'WaitingFilled':
        return [
          {
            id: event.order,
            command: { do: 'recordFill', fills: event.fills.map(({ line, quantity, place }) => ({ line, quantity, place })) },
          },
        ]
      case 'UnitsLost': {
        const lines = event.lines.map(({ line, quantity }) => ({ line, quantity }))
        return [{ id: event.order, command: { do: 'reportShort', place: event.place, lines, lost: true } }]
      }
      case 'SupplyMoved': {
        const moved = event.lines.map(({ line, place, was, now, ready }) => ({ line, place, was, now, ready }))
        return [{ id: event.order, command: { do: 'followSupply', moved, lost: [] } }]
      }
      case 'SupplyLost': {
        const lost = event.lines.map(({ line, quantity }) => ({ line, quantity }))
        return [{ id: event.order, command: { do: 'followSupply', moved: [], lost } }]
      }
      default:
        return []
    }
  })
