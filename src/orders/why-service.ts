/** Why an order is sent from where it is: each of its decisions as it was kept, with the reasons worked out again from it. */
import type { OrderId } from '../kernel/ids.ts'
import type { JournalReader } from '../platform/bus/journal.ts'
import type { CostParts, ParcelStep, Why } from '../sourcing/contract.ts'
import type { Decision } from './contract.ts'
import { type Decided, decisionsOf } from './decisions.ts'
import type { OrderRead } from './reads-service.ts'
import { lineId } from './view.ts'

/** What inventory works out of a decision; undefined where its network or policy is not known any more. */
export type ExplainDecision = (decided: Decided) => Promise<
  | Readonly<{
      reproduced: boolean
      parcels: readonly Readonly<{ place: string; service: string; cost: number; parts: CostParts; steps: readonly ParcelStep[] }>[]
      why: Why
    }>
  | undefined
>

export type OrderWhy = Readonly<{
  orderId: OrderId
  number: number
  status: string
  decisions: readonly DecisionView[]
  words: readonly string[]
}>
type DecisionView = Readonly<
  Pick<Decision, 'cause' | 'at' | 'network' | 'policy' | 'cost' | 'optimal'> & {
    gap: number
    /** Counted steps after which the search was ended. */
    bounded?: number
    /** Of the policy's ladder, from 1. */
    step?: number
    shipments: readonly Readonly<Record<string, unknown>>[]
    stockSeen: readonly Readonly<{ sku: string; free: Readonly<Record<string, number>>; supply?: readonly unknown[] }>[]
    /** Whether today's engine answers the kept question with the same cost. */
    reproduced: boolean
    candidates: Why['candidates']
    excluded: Why['excluded']
    alternatives: Why['alternatives']
    words: readonly string[]
  }
>

export class OrderReasons {
  readonly #journal: JournalReader
  readonly #explain: ExplainDecision

  constructor(journal: JournalReader, explain: ExplainDecision) {
    this.#journal = journal
    this.#explain = explain
  }

  async of({ id, order }: Pick<OrderRead, 'id' | 'order'>): Promise<OrderWhy> {
    const { placed, progress } = order
    const decisions: DecisionView[] = []
    // One after the other: an order has a few decisions, and each is some milliseconds of this process.
    for (const decided of decisionsOf(await this.#journal.history(id))) decisions.push(await this.#view(decided))
    const none =
      placed.dialect === 'import'
        ? 'imported history: delivered from outside before Waybill, so nothing was reserved or sourced here'
        : 'nothing was set aside for this order, or it was before decisions were kept'
    const words = decisions.length === 0 ? [none] : decisions.flatMap((decision) => decision.words)
    return { orderId: id, number: placed.number, status: progress.status, decisions, words }
  }

  async #view(decided: Decided): Promise<DecisionView> {
    const { decision, shipments } = decided
    const explained = await this.#explain(decided)
    return {
      cause: decision.cause,
      at: decision.at,
      policy: decision.policy,
      ...(decision.step === undefined ? {} : { step: decision.step }),
      network: decision.network,
      cost: decision.cost,
      optimal: decision.optimal,
      gap: decision.gap ?? 0,
      ...(decision.bounded === undefined ? {} : { bounded: decision.bounded }),
      shipments: shipments.map(({ place, dispatch, arrives, lines }, at) => ({
        place,
        ...(explained?.reproduced === true
          ? { service: explained.parcels[at]?.service, steps: explained.parcels[at]?.steps ?? [] }
          : {}),
        dispatch,
        arrives,
        parts: decision.parts[at] ?? {},
        lines: lines.map(({ line, grams: _, bundle: __, ...units }) => ({ line: lineId(line), ...units })),
      })),
      stockSeen: stockSeen(decided),
      reproduced: explained?.reproduced ?? false,
      candidates: explained?.why.candidates ?? [],
      excluded: explained?.why.excluded ?? [],
      alternatives: explained?.why.alternatives ?? [],
      words: [
        headline(decision),
        ...scarcity(decided),
        ...(explained === undefined
          ? [`its network ${decision.network} or policy ${decision.policy} is not known here any more: the costs above are as kept`]
          : [...(explained.reproduced ? [] : [differently(decision)]), ...explained.why.words]),
      ],
    }
  }
}

const causes: Readonly<Record<Decision['cause'], string>> = {
  placed: 'When it was placed',
  reopened: 'When a late payment reopened it',
  added: 'When units were added',
  short: 'When units were missed',
  revised: 'When a better plan was found',
  address: 'When its address changed',
}

/** What made a unit dearer than it is: later orders were reckoned to need it there. */
const scarcity = ({ decision, shipments, placed }: Decided): readonly string[] => {
  const skus = skusOf(shipments)
  return (decision.prices ?? []).flatMap(([product, place, cents]) => {
    const sku = skus[product]
    const used = shipments.some(({ lines }) => lines.some((part) => part.sku === sku && part.from === place))
    if (sku === undefined || cents === 0) return []
    const name = placed.find((line) => line.sku === sku)?.name ?? sku
    const each = `${(cents / 100).toFixed(2)} a unit`
    return [
      `${name} is scarce in ${place}: later orders are reckoned to need it, so it counted ${each} more from there${used ? '' : ' and came from elsewhere'}`,
    ]
  })
}

const differently = ({ together }: Decision): string =>
  together === undefined
    ? 'the engine answers this question differently today; its reasons are those of today:'
    : `it was planned as one with ${together - 1} other orders, all of them together the cheapest; for itself alone it would be:`

const headline = ({ cause, at, policy, step, network, parts }: Decision): string => {
  const sums = new Map<string, number>()
  for (const part of parts) for (const [name, cents] of Object.entries(part)) sums.set(name, (sums.get(name) ?? 0) + cents)
  const ladder = step === undefined ? '' : `, step ${step} of its ladder,`
  const made = [...sums].map(([name, cents]) => `${name} ${(cents / 100).toFixed(2)}`).join(' + ')
  return `${causes[cause]} (${at}), by policy ${policy}${ladder} over network ${network}: ${made === '' ? 'at no cost' : made}`
}

/** Products in the order in which a decision numbers them. */
const skusOf = (shipments: Decided['shipments']) => {
  const byLine = new Map(shipments.flatMap(({ lines }) => lines.map(({ line, sku }) => [line, sku] as const)))
  return [...new Set([...byLine].sort(([a], [b]) => a - b).map(([, sku]) => sku))]
}

const stockSeen = ({ decision, shipments }: Decided): DecisionView['stockSeen'] => {
  return skusOf(shipments).map((sku, product) => {
    const supply = (decision.lots ?? []).flatMap(([of, place, day, quantity]) => (of === product ? [{ place, day, quantity }] : []))
    const free = Object.fromEntries(decision.places.map((place, at) => [place, decision.free[product]?.[at] ?? 0]))
    return { sku, free, ...(supply.length === 0 ? {} : { supply }) }
  })
}
