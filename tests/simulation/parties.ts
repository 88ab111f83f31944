/**
 * The companies outside: a payment provider and a carrier, each with books of its own that no crash of ours touches. They
 * answer late or not at all, and tell their news late, again, and in any order. What they have booked is what really
 * happened: the checker believes them, not us.
 */
import { isRefusal, type Refusal, refuse } from '../../src/kernel/decider.ts'
import {
  act,
  type BuyerAction,
  capture,
  captured,
  giveUp,
  openSession,
  refund,
  type Session,
  type SessionNews,
  statusOf,
} from '../../src/payments/adapters/simulated-session.ts'
import { type PaymentProvider, type ProviderNews, Unreachable } from '../../src/payments/provider.ts'
import type { Carrier, CarrierNews, ShipmentAsked } from '../../src/shipping/carrier.ts'
import { instant } from '../../src/kernel/time.ts'
import { outside, type Process, type Surroundings } from './process.ts'
import type { Random } from './random.ts'
import type { Rooms } from './rooms.ts'
import { beganAt } from './server.ts'
import { isLive } from '../../src/fulfilment/work.ts'
import { isAnnounced } from '../../src/shipping/parcel.ts'
import { rowsOf } from './stores.ts'

/** What moved at the provider: one row a movement, never changed. */
export type Booked = Readonly<{
  kind: 'authorize' | 'capture' | 'refund' | 'void'
  order: string
  payment: string
  key: string
  amount: number
}>

/** Hands something to a process that is up, as the network would. @returns false where none took it. */
export type Deliver = (what: string, take: (rooms: Rooms) => Promise<boolean>) => Promise<boolean>

const answerMs = { least: 2, most: 60 } as const
const lateMs = 10_000
/** News that is not taken is told again: after a second, then seldom, and until it is. */
const toldAgainMs = [500, 2_000, 5_000] as const

export class ProviderBooks {
  readonly sessions = new Map<string, Session>()
  readonly byPayment = new Map<string, string>()
  readonly ledger: Booked[] = []
  readonly #around: Surroundings
  readonly #deliver: Deliver
  readonly #random: Random
  #news = 0

  constructor(around: Surroundings, deliver: Deliver, random: Random) {
    this.#around = around
    this.#deliver = deliver
    this.#random = random
  }

  /** What the customer does on the page; nothing where there is none yet. */
  act(reference: string, action: BuyerAction): boolean {
    const before = this.sessions.get(reference)
    if (before === undefined || before.state !== 'open') return false
    const { session, news } = act(before, action, { declines: 0, processing: false })
    this.#book(before, session)
    this.#around.trace.add('customer', `${action} ${session.amount} of ${session.order}`)
    for (const one of news) this.#tell(session, one)
    return true
  }

  /** The books as one of our processes reaches them. */
  for(process: Process): PaymentProvider {
    const asked = <Answer>(what: string, carryOut: () => Answer): Promise<Answer> =>
      process.call(
        `${outside}provider ${what}`,
        () => this.#answering(what, carryOut),
        this.#random.between(answerMs.least, answerMs.most),
      )
    const change = (reference: string, to: (session: Session) => Session | Refusal<'declined'>): Session | Refusal<'declined'> => {
      const before = this.sessions.get(reference)
      if (before === undefined) return refuse('declined', 'unknown_reference')
      const after = to(before)
      if (!isRefusal(after)) this.#book(before, after)
      return after
    }
    return {
      name: 'provider',
      createPage: (request) =>
        asked('createPage', () => {
          const reference = this.byPayment.get(request.payment) ?? `ref-${this.sessions.size + 1}`
          if (!this.sessions.has(reference)) this.sessions.set(reference, openSession(request, reference))
          this.byPayment.set(request.payment, reference)
          return { reference, url: `http://provider.example/${reference}` }
        }),
      capture: (request) =>
        asked('capture', () => {
          const session = change(request.reference, (before) => capture(before, request))
          return isRefusal(session) ? session : { captured: captured(session) }
        }),
      refund: (request) =>
        asked('refund', () => {
          const session = change(request.reference, (before) => refund(before, request))
          if (isRefusal(session)) return session
          return { reference: session.refunds.find(({ key }) => key === request.key)?.reference ?? 'none' }
        }),
      void: ({ reference }) =>
        asked('void', () => {
          const session = change(reference, giveUp)
          return isRefusal(session) ? session : statusOf(session)
        }),
      status: (reference) =>
        asked('status', () => {
          const session = this.sessions.get(reference)
          return session === undefined ? refuse('declined', 'unknown_reference') : statusOf(session)
        }),
      parseWebhook: (rawBody) => Promise.resolve(JSON.parse(rawBody.toString()) as ProviderNews),
    }
  }

  #answering<Answer>(what: string, carryOut: () => Answer): Answer {
    const { faults, counted } = this.#around
    if (!this.#random.happens(faults().providerSilent)) return carryOut()
    counted('providerSilent')
    if (this.#random.happens(0.5)) carryOut()
    throw new Unreachable('provider', what)
  }

  #book(before: Session, after: Session): void {
    this.sessions.set(after.reference, after)
    const { order, payment } = after
    const booked = (kind: Booked['kind'], key: string, amount: number): void => {
      if (amount > 0) this.ledger.push({ kind, order, payment, key, amount })
    }
    booked('authorize', 'authorize', after.authorized - before.authorized)
    for (const { key, amount } of after.captures.slice(before.captures.length)) booked('capture', key, amount)
    for (const { key, amount } of after.refunds.slice(before.refunds.length)) booked('refund', key, amount)
    booked('void', 'void', after.voided - before.voided)
  }

  #tell(session: Session, { type, captured: isCaptured, reason }: SessionNews): void {
    const { faults, counted, scheduler } = this.#around
    const { webhookLate, webhookAgain, webhookLost } = faults()
    if (this.#random.happens(webhookLost)) return counted('webhookLost')
    const { payment, reference, amount, currency } = session
    const stale = { type: 'Payment_Failure', reason: 'stale' } as const
    const again = this.#random.happens(webhookAgain)
    for (const one of again ? [{ type, reason, captured: isCaptured }, stale] : [{ type, reason, captured: isCaptured }]) {
      this.#news += 1
      const news = { id: `news-${this.#news}`, payment, reference, amount, currency, ...one }
      for (let copy = 0; copy < (again ? 2 : 1); copy++) {
        const isLate = this.#random.happens(webhookLate)
        if (isLate) counted('webhookLate')
        if (copy > 0) counted('webhookAgain')
        scheduler.after(this.#random.between(1, isLate ? lateMs : 40), () => void this.#send(JSON.stringify(news), 0))
      }
    }
  }

  async #send(body: string, attempt: number): Promise<void> {
    const isTaken = await this.#deliver('webhook', async ({ payments }) => {
      await payments.webhook('provider', Buffer.from(body), {})
      return true
    })
    const wait = toldAgainMs[attempt]
    if (!isTaken && wait !== undefined) this.#around.scheduler.after(wait, () => void this.#send(body, attempt + 1))
  }
}

/** Elsewhere the carrier's first scan is the only word. */
const scannedAtDoorShare = 0.75

type Shipment = { tracking: string; asked: ShipmentAsked; isCancelled: boolean; isCollected: boolean }
const stories = {
  delivered: ['picked_up', 'in_transit', 'out_for_delivery', 'delivered'],
  missed: ['picked_up', 'out_for_delivery', 'failed_attempt', 'out_for_delivery', 'delivered'],
  pickup: ['picked_up', 'in_transit', 'ready_for_pickup', 'delivered'],
  lost: ['picked_up', 'in_transit', 'exception'],
} as const

export class CarrierBooks {
  readonly shipments = new Map<string, Shipment>()
  readonly #around: Surroundings
  readonly #deliver: Deliver
  readonly #random: Random
  #news = 0

  constructor(around: Surroundings, deliver: Deliver, random: Random) {
    this.#around = around
    this.#deliver = deliver
    this.#random = random
  }

  for(process: Process): Carrier {
    const asked = <Answer>(what: string, carryOut: () => Answer): Promise<Answer> =>
      process.call(`${outside}carrier ${what}`, carryOut, this.#random.between(answerMs.least, answerMs.most))
    return {
      name: 'carrier',
      needsAddress: false,
      quote: ({ service }) => Promise.resolve({ service, amount: 300, currency: 'GBP', days: 2 }),
      createShipment: (request) => asked('createShipment', () => this.#create(request)),
      cancel: (tracking) =>
        asked('cancel', () => {
          const shipment = this.shipments.get(tracking)
          if (shipment?.isCollected === true) return 'too_late'
          if (shipment !== undefined) shipment.isCancelled = true
          return 'cancelled'
        }),
      label: () => Promise.resolve(undefined),
      parseWebhook: () => ({ news: [] }),
    }
  }

  #create(asked: ShipmentAsked): Readonly<{ tracking: string; labelUrl: string; trackingUrl: string }> {
    const tracking = `T-${asked.parcel}`
    if (!this.shipments.has(tracking)) {
      const shipment: Shipment = { tracking, asked, isCancelled: false, isCollected: false }
      this.shipments.set(tracking, shipment)
      this.#around.scheduler.after(this.#random.between(300, 4_000), () => void this.#come(shipment))
    }
    return { tracking, labelUrl: `http://carrier.example/${tracking}`, trackingUrl: `http://carrier.example/${tracking}` }
  }

  /** The driver comes by: what is cancelled, or was opened again, stays. Most warehouses say themselves that he has it. */
  async #come(shipment: Shipment): Promise<void> {
    if (shipment.isCancelled || !this.#isAtDoor(shipment)) return
    if (!this.#random.happens(scannedAtDoorShare)) return this.#collect(shipment)
    const id = shipment.asked.parcel
    const isGiven = await this.#deliver('hand over', async ({ shipping }) => {
      const outcome = await shipping.handle({ id, command: { do: 'handOver' }, origin: { actor: 'staff' } })
      return !isRefusal(outcome)
    })
    if (isGiven) this.#collect(shipment)
    // Nobody knows, or it was called off: the next driver looks again.
    else this.#around.scheduler.after(this.#random.between(300, 1_500), () => void this.#come(shipment))
  }

  #isAtDoor({ asked: { parcel } }: Shipment): boolean {
    const { fulfilment, shipping } = this.#around.server.stores
    const state = rowsOf(shipping.parcels).get(parcel)?.state
    if (state === undefined || !isAnnounced(state) || state.status === 'cancelled') return false
    const work = rowsOf(fulfilment.fulfilments).get(state.fulfilment)?.state
    return work !== undefined && isLive(work) && work.parcels.some((known) => known.parcel === parcel)
  }

  /** Parcels of a warehouse's work that the carrier has. */
  hasOf(fulfilment: string): readonly string[] {
    const rows = rowsOf(this.#around.server.stores.shipping.parcels)
    return [...this.shipments.values()].flatMap(({ isCollected, asked: { parcel } }) => {
      const state = rows.get(parcel)?.state
      return isCollected && state !== undefined && isAnnounced(state) && state.fulfilment === fulfilment ? [parcel] : []
    })
  }

  #collect(shipment: Shipment): void {
    shipment.isCollected = true
    const { faults, counted, scheduler } = this.#around
    const { newsLate, newsTwice, newsUnordered } = faults()
    const story = stories[this.#random.happens(0.7) ? 'delivered' : this.#random.pick(['missed', 'pickup', 'lost'] as const)]
    const unordered = this.#random.happens(newsUnordered)
    if (unordered) counted('newsUnordered')
    for (const [step, status] of story.entries()) {
      for (let copy = 0; copy < (this.#random.happens(newsTwice) ? 2 : 1); copy++) {
        if (copy > 0) counted('newsTwice')
        const isLate = this.#random.happens(newsLate)
        if (isLate) counted('newsLate')
        const told = step * 700 + copy * 200 + this.#random.between(1, isLate ? lateMs : unordered ? 3_000 : 50)
        this.#news += 1
        const id = `scan-${this.#news}`
        const happenedAt = instant(beganAt + Math.floor(scheduler.now) + step * 700)
        scheduler.after(told, () => void this.#tell({ id, tracking: shipment.tracking, status, happenedAt }, 0))
      }
    }
  }

  async #tell(news: CarrierNews, attempt: number): Promise<void> {
    const isTaken = await this.#deliver('carrier news', async ({ shipping }) => {
      return (await shipping.learn({ carrier: 'carrier', news, raw: news })) !== 'tracking_unknown'
    })
    const wait = toldAgainMs[attempt] ?? toldAgainMs.at(-1)
    if (!isTaken && attempt < 20) this.#around.scheduler.after(wait ?? 1_000, () => void this.#tell(news, attempt + 1))
  }
}
