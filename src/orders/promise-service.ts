/**
 * Promises before ordering: questions that arrive together share one read of stock, each is the placement rehearsed on a
 * copy of it, and what comes out is signed. Nothing is locked, reserved or saved.
 */
import { isRefusal, type Refusal } from '../kernel/decider.ts'
import type { Day, Instant } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { addSeconds } from '../kernel/time.ts'
import type { InventoryPart } from '../inventory/contract.ts'
import { digestOf, signFor } from '../platform/http/cursors.ts'
import { Fault } from '../platform/store/work.ts'
import type { OrderReason, Shipment } from './contract.ts'
import { arrivalOf } from './derive.ts'
import { type Intake, type IntakePorts, type IntakeReason, intakeOrder } from './intake-service.ts'
import { carriesUnits, type Live } from './order.ts'
import type { Draft } from './placement-service.ts'
import { droppedFrom, promisePurpose, rehearse, stepsOf, termsOf, written } from './promise.ts'
import { holdsUntil, type PlaceClock } from './promise-day.ts'
import { confidence } from './view.ts'

/** As placements: 4,000 lines keep the event loop's neighbours waiting under 100 ms. */
export const promiseLimits = { itemsMax: 256, inFlightMax: 2, waitingMax: 10_000, weightMax: 4_000 } as const

export type PromiseOptions = Readonly<{
  intake: IntakePorts
  inventory: InventoryPart
  clocks: () => readonly PlaceClock[]
  ttlSeconds: number
}>

export type PromiseAnswer = Readonly<{
  token: string
  expiresAt: Instant
  promise: Readonly<{ earliest: Day; latest: Day; confidence: ReturnType<typeof confidence> }>
  shipping: Readonly<{ amount: number; currency: string }>
  totals: Readonly<{ currency: string } & Draft['totals']>
  promotions: NonNullable<Draft['promotions']>
  parcels: readonly Readonly<Record<string, unknown>>[]
  /** The next cut-off: ordered later, it may come later. */
  cutOff?: Instant
  steps: readonly string[]
  unavailable: ReturnType<typeof droppedFrom>
}>

type Rehearsed = Readonly<{ order: Live | Refusal<OrderReason>; at: Instant }>

export class Promises {
  readonly #options: PromiseOptions
  readonly #rehearse: (draft: Draft) => Promise<Rehearsed | Fault>
  /** How many were asked for, and how many reads of stock that took: for metrics. */
  readonly counts = { asked: 0, reads: 0 }

  constructor(options: PromiseOptions) {
    this.#options = options
    this.#rehearse = microBatch(
      'orders.promise',
      (drafts: readonly Draft[]) => this.#together(drafts),
      promiseLimits,
      ({ lines }) => lines.length,
    )
  }

  async ask(asked: Intake): Promise<PromiseAnswer | Refusal<OrderReason | IntakeReason>> {
    const taken = await intakeOrder(this.#options.intake, { ...asked, promise: undefined, key: undefined, cart: undefined })
    if (isRefusal(taken)) return taken
    const outcome = await this.#rehearse(taken.draft)
    if (outcome instanceof Fault) throw outcome.cause
    const { order, at } = outcome
    return isRefusal(order) ? order : this.#answer(order, asked.lines, at)
  }

  async #together(drafts: readonly Draft[]): Promise<readonly (Rehearsed | Fault)[]> {
    const { inventory, intake } = this.#options
    const lines = drafts.flatMap((draft) => draft.lines.filter(carriesUnits))
    const mayWait = lines.some(({ ifShort }) => ifShort === 'backorder' || ifShort === 'preorder')
    const stockOf = await inventory.look([...new Set(lines.map(({ sku }) => sku))], mayWait)
    const at = intake.now()
    this.counts.asked += drafts.length
    this.counts.reads += 1
    return drafts.map((draft): Rehearsed | Fault => {
      try {
        const stock = stockOf(draft.lines.filter(carriesUnits).map(({ sku }) => sku))
        return { order: rehearse(draft, { stock, source: inventory.source, at }), at }
      } catch (fault) {
        return new Fault(fault)
      }
    })
  }

  #answer(order: Live, lines: Intake['lines'], at: Instant): PromiseAnswer {
    const { placed, progress } = order
    const { promised } = progress
    if (promised === undefined) throw new Error('what is promised has a day')
    const { plan } = progress
    const arrives = arrivalOf(plan) ?? promised
    const cutOff = holdsUntil(plan, this.#options.clocks(), at)
    const lives = addSeconds(at, this.#options.ttlSeconds)
    // Goods that are picked after the cut-off leave later: a promise that lives longer would be one nobody can keep.
    const expiresAt = cutOff !== undefined && cutOff < lives ? cutOff : lives
    const { shipping } = placed.totals
    const token = signFor(
      promisePurpose,
      written({ issuedAt: at, expiresAt, promised, shipping, terms: termsOf(placed, lines, digestOf) }),
    )
    return {
      token,
      expiresAt,
      promise: { earliest: arrives, latest: promised, confidence: confidence(order) },
      shipping: { amount: shipping, currency: placed.currency },
      totals: { currency: placed.currency, ...progress.totals },
      promotions: placed.promotions ?? [],
      parcels: plan.filter(({ lines: carried }) => carried.length > 0).map(parcelView),
      ...(cutOff === undefined ? {} : { cutOff }),
      steps: stepsOf(plan, promised, arrives),
      unavailable: droppedFrom(order),
    }
  }
}

const parcelView = ({ place, dispatch, arrives, lines }: Shipment) => ({
  place,
  dispatch,
  arrives,
  lines: lines.map(({ sku, quantity, from, kind, ready }) => ({
    sku,
    quantity,
    from,
    kind,
    ...(ready === undefined ? {} : { ready }),
  })),
})
