/**
 * Why a plan is as it is, worked out when somebody asks: each place with its distance and what it lacks, who is out and
 * for which reason, and what each permission is worth. Every alternative is itself the optimum without that permission.
 */
import type { Day, Place, Sku } from '../kernel/ids.ts'
import { type Network, serves, type Warehouse } from './network.ts'
import type { Policy } from './policy.ts'
import type { Levels, Sourced, SourcingOrder } from './request.ts'

export type Lack = Readonly<{ sku: Sku; need: number; available: number }>
export type Candidate = Readonly<{
  place: Place
  km: number
  used: boolean
  lacks: readonly Lack[]
  /** The whole order from here, nothing moved; null when that cannot be. */
  wholeOrderCost: number | null
  worseBy: number | null
  words: string
}>
export type ExclusionReason = 'holds_nothing' | 'no_service' | 'shut_out'
export type Exclusion = Readonly<{ place: Place; reason: ExclusionReason; words: string }>
export type AlternativeName = 'without_transfer' | 'one_parcel' | 'stock_on_hand' | 'without_place'
export type Alternative = Readonly<{
  name: AlternativeName
  /** The place done without, for `without_place`. */
  place: Place | null
  /** False: with this permission gone, more of the order stays unfilled. */
  feasible: boolean
  cost: number
  worseBy: number
  parcels: number
  arrives: Day | null
  words: string
}>
export type Why = Readonly<{
  network: string
  policy: string
  candidates: readonly Candidate[]
  excluded: readonly Exclusion[]
  alternatives: readonly Alternative[]
  /** The same as sentences, the plan first. */
  words: readonly string[]
}>

type Source = (order: SourcingOrder, levels: Levels) => Sourced
export type Question = Readonly<{
  network: Network
  policy: Policy
  km: readonly number[]
  source: Source
  order: SourcingOrder
  levels: Levels
  result: Sourced
  /** Places that the policy's filters shut out, in the network's order. */
  hidden?: readonly boolean[]
}>

/** Above this many places the whole order is not tried from each: the reader wants the near ones. */
const triedPlacesMax = 20

export const explainPlan = (question: Question): Why => {
  const { network, policy, result } = question
  const used = new Set(result.shipments.flatMap((shipment) => [shipment.place, ...shipment.lines.map((line) => line.from)]))
  const excluded = network.warehouses.flatMap((warehouse, w) => exclusionOf(question, warehouse, w))
  const out = new Set(excluded.map((exclusion) => exclusion.place))
  const byDistance = network.warehouses
    .map((warehouse, w) => ({ warehouse, w }))
    .sort((a, b) => kmOf(question, a.w) - kmOf(question, b.w))
  const candidates = byDistance
    .filter(({ warehouse }) => !out.has(warehouse.id))
    .map(({ warehouse, w }, rank) =>
      candidateOf(question, warehouse, w, { used: used.has(warehouse.id), tried: rank < triedPlacesMax }),
    )
  const alternatives = alternativesOf(question, used)
  return {
    network: network.version,
    policy: policy.id,
    candidates,
    excluded,
    alternatives,
    words: [
      planInWords(question),
      ...alternatives.map((a) => a.words),
      ...candidates.map((c) => c.words),
      ...excluded.map((e) => e.words),
    ],
  }
}

const kmOf = (question: Question, w: number): number => Math.round(question.km[w] ?? 0)

/** Units wanted of each SKU, all its lines together. */
const wanted = (order: SourcingOrder): Map<Sku, number> => {
  const needs = new Map<Sku, number>()
  for (const line of order.lines) needs.set(line.sku, (needs.get(line.sku) ?? 0) + line.quantity)
  return needs
}

const exclusionOf = (question: Question, warehouse: Warehouse, w: number): readonly Exclusion[] => {
  const { network, order, levels, policy } = question
  if (question.hidden?.[w] === true)
    return [{ place: warehouse.id, reason: 'shut_out', words: `${warehouse.name}: shut out by the filters of ${policy.id}` }]
  const served = network.delivery.some((service) => serves(warehouse, service, order.destination, order.shippingMethod ?? ''))
  if (!served) {
    const words = `${warehouse.name}: no service to ${order.destination.country}`
    return [{ place: warehouse.id, reason: 'no_service', words }]
  }
  const holds = [...wanted(order).keys()].some(
    (sku) => (levels.available(sku)[w] ?? 0) > 0 || levels.lots(sku).some((lot) => lot.place === warehouse.id),
  )
  return holds
    ? []
    : [{ place: warehouse.id, reason: 'holds_nothing', words: `${warehouse.name}: has none of the order's products` }]
}

const candidateOf = (question: Question, warehouse: Warehouse, w: number, more: { used: boolean; tried: boolean }): Candidate => {
  const { order, levels, result } = question
  const km = kmOf(question, w)
  const lacks = [...wanted(order)].flatMap(([sku, need]): Lack[] => {
    const available = Math.max(0, levels.available(sku)[w] ?? 0)
    return available < need ? [{ sku, need, available }] : []
  })
  const alone = more.tried
    ? question.source(
        without(order, { transfer: true, split: true }),
        only(question, (place) => place === warehouse.id),
      )
    : null
  const whole = alone !== null && alone.unfilled.length === 0 ? alone.cost : null
  const worseBy = whole === null ? null : whole - result.cost
  return {
    place: warehouse.id,
    km,
    used: more.used,
    lacks,
    wholeOrderCost: whole,
    worseBy,
    words: candidateInWords(warehouse, km, lacks, whole, worseBy),
  }
}

const candidateInWords = (
  warehouse: Warehouse,
  km: number,
  lacks: readonly Lack[],
  whole: number | null,
  worseBy: number | null,
): string => {
  const lacking = lacks.map((lack) => `${lack.need - lack.available} of ${lack.sku}`).join(', ')
  const has = lacking === '' ? 'has everything' : `lacks ${lacking}`
  const alone = whole === null || worseBy === null ? '' : `; the whole order from here costs ${money(whole)} (${signed(worseBy)})`
  return `${warehouse.name}: ${km} km, ${has}${alone}`
}

/** The order with permissions removed. */
const without = (order: SourcingOrder, gone: { transfer?: boolean; split?: boolean; backorder?: boolean }): SourcingOrder => ({
  ...order,
  allow: {
    transfer: order.allow.transfer && gone.transfer !== true,
    split: order.allow.split && gone.split !== true,
    backorder: gone.backorder === true ? order.allow.backorder.map(() => false) : order.allow.backorder,
  },
})

const only = (question: Question, keep: (place: Place) => boolean): Levels => {
  const { network, levels } = question
  return {
    available: (sku) => network.warehouses.map((warehouse, w) => (keep(warehouse.id) ? (levels.available(sku)[w] ?? 0) : 0)),
    lots: (sku) => levels.lots(sku).filter((lot) => keep(lot.place)),
  }
}

const alternativesOf = (question: Question, used: ReadonlySet<Place>): readonly Alternative[] => {
  const { order, levels, result, source, network } = question
  const lines = result.shipments.flatMap((shipment) => shipment.lines)
  const found: Alternative[] = []
  const offer = (name: AlternativeName, place: Place | null, other: Sourced, label: string) => {
    found.push(alternative(result, name, place, other, label))
  }
  if (lines.some((line) => line.kind === 'transfer')) {
    offer('without_transfer', null, source(without(order, { transfer: true }), levels), 'without a transfer')
  }
  if (result.parcels > 1) offer('one_parcel', null, source(without(order, { split: true }), levels), 'in one parcel')
  if (lines.some((line) => line.awaits !== null)) {
    offer('stock_on_hand', null, source(without(order, { backorder: true }), levels), 'with stock on hand only')
  }
  for (const warehouse of network.warehouses) {
    if (!used.has(warehouse.id)) continue
    const other = source(
      order,
      only(question, (place) => place !== warehouse.id),
    )
    offer('without_place', warehouse.id, other, `without ${warehouse.name}`)
  }
  return found
}

const alternative = (result: Sourced, name: AlternativeName, place: Place | null, other: Sourced, label: string): Alternative => {
  const feasible = other.unfilled.length <= result.unfilled.length
  const worseBy = other.cost - result.cost
  const parcels = other.parcels === 1 ? '1 parcel' : `${other.parcels} parcels`
  const words = feasible
    ? `${label}: ${signed(worseBy)} (${parcels})`
    : `${label}: not possible, ${other.unfilled.length} of the lines would stay unfilled`
  const arrives = other.shipments.reduce<Day | null>(
    (latest, { arrives: day }) => (latest === null || day > latest ? day : latest),
    null,
  )
  return { name, place, feasible, cost: other.cost, worseBy, parcels: other.parcels, arrives, words }
}

const planInWords = (question: Question): string => {
  const { network, result } = question
  const name = (place: Place) => network.warehouses.find((warehouse) => warehouse.id === place)?.name ?? place
  const parcels = result.shipments.map((shipment) => {
    const moved = [...new Set(shipment.lines.filter((line) => line.kind === 'transfer').map((line) => name(line.from)))]
    const waits = shipment.lines.some((line) => line.awaits !== null) ? ', after supply' : ''
    const from = moved.length === 0 ? '' : `, with goods moved from ${moved.join(' and ')}`
    return `from ${name(shipment.place)} on ${shipment.dispatch}, there on ${shipment.arrives}${from}${waits}`
  })
  const proof = result.optimal ? 'no plan is cheaper' : `at most ${(result.gap * 100).toFixed(1)} % above the cheapest`
  const left = result.unfilled.length === 0 ? '' : `; ${result.unfilled.length} of the lines unfilled`
  if (parcels.length === 0) return `no parcel${left}`
  return `${parcels.length === 1 ? 'one parcel' : `${parcels.length} parcels`}: ${parcels.join('; ')}; ${money(result.cost)}, ${proof}${left}`
}

/** Cents in words; sums of time and money, so without a currency. */
const money = (cents: number): string => (cents / 100).toFixed(2)
const signed = (cents: number): string => `${cents < 0 ? '−' : '+'}${money(Math.abs(cents))}`
