/**
 * Sourcing by plain enumeration, and a checker of plans: both read SOURCING.md's formula again and share no code with
 * the solver. Every partition, every hub, service and way of every line is tried; only for a handful of lines.
 */
import type { Instance, Plan } from '../../src/sourcing/instance.ts'

type Item = { line: number; units: number; place: number | null; ready: number | null }
export type Optimum = { cost: number; parcels: number } | null

const better = (a: Optimum, b: Optimum): Optimum => {
  if (a === null || b === null) return a ?? b
  return a.cost < b.cost || (a.cost === b.cost && a.parcels <= b.parcels) ? a : b
}

/** Whether some place serves the line whole and can get it into a parcel that leaves. */
export const servedWhole = (x: Instance, line: number): boolean =>
  x.wh.some((_, w) => {
    const day = leavesOn(x, line, w)
    return day !== null && waysOut(x, w, day)
  })

/** Whether what lies at `w` from the start can get into a parcel that leaves. */
export const leadsOut = (x: Instance, w: number): boolean => waysOut(x, w, x.wh[w]?.ready0 ?? 0)

const waysOut = (x: Instance, w: number, day: number): boolean => {
  const leaves = (hub: number, ready: number): boolean =>
    x.wh[hub]?.services.some(({ arr }) => arr === null || Math.max(ready, x.wh[hub]?.ready0 ?? 0) < arr.length) ?? false
  const moved = x.pol.transfers ? x.lanes.filter((lane) => lane.from === w && lane.to !== w && x.wh[lane.to]?.noHub === false) : []
  return leaves(w, day) || moved.some((lane) => there(lane, day) < Number.POSITIVE_INFINITY && leaves(lane.to, there(lane, day)))
}

const leavesOn = (x: Instance, line: number, w: number): number | null => {
  const need = x.qty[line] ?? 0
  let have = x.stock[line]?.[w] ?? 0
  if (have >= need) return x.wh[w]?.ready0 ?? 0
  if (!x.pol.backorder) return null
  const lots = (x.incoming[line] ?? []).filter((lot) => lot.w === w).sort((a, b) => a.day - b.day)
  for (const lot of lots) {
    have += lot.qty
    if (have >= need) return lot.day
  }
  return null
}

/** As in the solver: at most one parcel; lines with the same number above 0 in one parcel or all left out. */
/** The day goods are at the lane's hub; never, after the end of its table. */
const there = ({ arr, days }: Instance['lanes'][number], day: number): number =>
  arr === null || arr === undefined ? day + days : (arr[day] ?? Number.POSITIVE_INFINITY)

export type Ties = Readonly<{ oneParcel: boolean; together: readonly number[] }>

/** Lines whole or left out. */
export const enumerateWhole = (x: Instance, ties: Ties | null = null): Optimum =>
  partitions(
    x,
    x.qty.map((units, line) => ({ line, units, place: null, ready: null })),
    ties,
  )

/** Every unit of `cut` lines on its own, tied to every pool that still has one. For very few units. */
export const enumerateUnits = (x: Instance, cut: readonly number[]): Optimum => {
  const pools = cut.flatMap((line) => poolsOf(x, line))
  let best: Optimum = null
  const draw = (k: number, items: readonly Item[], left: readonly number[]): void => {
    const line = cut[k]
    if (line === undefined) {
      const whole = x.qty.flatMap((units, i): Item[] => (cut.includes(i) ? [] : [{ line: i, units, place: null, ready: null }]))
      best = better(best, partitions(x, [...whole, ...items]))
      return
    }
    const place = (units: number, from: number, taken: readonly Item[], rest: readonly number[]): void => {
      if (units === 0) return draw(k + 1, [...items, ...taken], rest)
      for (let j = from; j < pools.length; j++) {
        const pool = pools[j]
        if (pool === undefined || pool.line !== line || (rest[j] ?? 0) === 0) continue
        const item = { line, units: 1, place: pool.place, ready: pool.day }
        place(
          units - 1,
          j,
          [...taken, item],
          rest.map((count, at) => (at === j ? count - 1 : count)),
        )
      }
    }
    place(x.qty[line] ?? 0, 0, [], left)
  }
  draw(
    0,
    [],
    pools.map((pool) => pool.units),
  )
  return best
}

const poolsOf = (x: Instance, line: number) => {
  const here = (x.stock[line] ?? []).map((units, place) => ({ line, place, day: x.wh[place]?.ready0 ?? 0, units }))
  const later = x.pol.backorder ? (x.incoming[line] ?? []).map((lot) => ({ line, place: lot.w, day: lot.day, units: lot.qty })) : []
  return [...here, ...later].filter((pool) => pool.units > 0)
}

const torn = (blocks: readonly (readonly Item[])[], items: readonly Item[], ties: Ties): boolean => {
  if (ties.oneParcel && blocks.length > 1) return true
  return items.some((a) =>
    items.some((b) => {
      const tied = ties.together[a.line] !== 0 && ties.together[a.line] === ties.together[b.line]
      return tied && blocks.find((block) => block.includes(a)) !== blocks.find((block) => block.includes(b))
    }),
  )
}

const partitions = (x: Instance, items: readonly Item[], ties: Ties | null = null): Optimum => {
  const known = new Map<string, Optimum>()
  const parcel = (chosen: readonly Item[]): Optimum => {
    const key = chosen.map((item) => items.indexOf(item)).join()
    const seen = known.get(key)
    if (seen !== undefined) return seen
    const value = cheapestParcel(x, chosen)
    known.set(key, value)
    return value
  }
  const visit = (k: number, blocks: readonly (readonly Item[])[], fines: number): Optimum => {
    const item = items[k]
    if (item === undefined) {
      if (ties !== null && torn(blocks, items, ties)) return null
      let cost = fines
      for (const block of blocks) {
        const one = parcel(block)
        if (one === null) return null
        cost += one.cost
      }
      return { cost, parcels: blocks.length }
    }
    let best: Optimum = visit(k + 1, [...blocks, [item]], fines)
    blocks.forEach((block, b) => {
      best = better(
        best,
        visit(
          k + 1,
          blocks.map((other, c) => (c === b ? [...block, item] : other)),
          fines,
        ),
      )
    })
    const fine = x.pol.unfilled[item.line]
    if (item.place === null && fine !== null && fine !== undefined) best = better(best, visit(k + 1, blocks, fines + fine))
    return best
  }
  return visit(0, [], 0)
}

type Way = { line: number; units: number; from: number; lane: number; ready: number }
const cheapestParcel = (x: Instance, items: readonly Item[]): Optimum => {
  let best: Optimum = null
  x.wh.forEach((_, hub) => {
    const ways = items.map((item) => waysTo(x, item, hub))
    const choose = (k: number, chosen: readonly Way[]): void => {
      const open = ways[k]
      if (open === undefined) {
        x.wh[hub]?.services.forEach((_service, v) => {
          const cost = formula(x, hub, v, chosen)
          if (cost !== null) best = better(best, { cost, parcels: 1 })
        })
        return
      }
      for (const way of open) choose(k + 1, [...chosen, way])
    }
    choose(0, [])
  })
  return best
}

const waysTo = (x: Instance, item: Item, hub: number): Way[] => {
  const leaves = (w: number): number | null =>
    item.place === null ? leavesOn(x, item.line, w) : item.place === w ? item.ready : null
  const ways: Way[] = []
  const own = leaves(hub)
  if (own !== null) ways.push({ line: item.line, units: item.units, from: hub, lane: -1, ready: own })
  if (!x.pol.transfers || x.wh[hub]?.noHub === true) return ways
  x.lanes.forEach((lane, k) => {
    const day = lane.to === hub && lane.from !== hub ? leaves(lane.from) : null
    const ready = day === null ? Number.POSITIVE_INFINITY : there(lane, day)
    if (ready < Number.POSITIVE_INFINITY) ways.push({ line: item.line, units: item.units, from: lane.from, lane: k, ready })
  })
  return ways
}

/** The formula under "The solver's instance", term by term. */
const formula = (x: Instance, hub: number, v: number, ways: readonly Way[]): number | null => {
  const site = x.wh[hub]
  const service = site?.services[v]
  if (site === undefined || service === undefined) throw new Error('no such service')
  const r = Math.max(site.ready0, ...ways.map((way) => way.ready))
  const a = service.arr === null ? r + service.days : service.arr[r]
  if (a === undefined) return null
  const loads: Way[] = []
  for (const way of ways) {
    const twin = loads.find((other) => other.line === way.line && other.from === way.from && other.lane === way.lane)
    if (twin === undefined) loads.push({ ...way })
    else twin.units += way.units
  }
  const grams = loads.reduce((sum, load) => sum + load.units * (x.grams[load.line] ?? 0), 0)
  const step = service.tariff?.find((one) => one.upToGrams === null || grams <= one.upToGrams)?.cents ?? 0
  let cost = service.base + step + site.pick + site.load + x.pol.split
  for (const lane of new Set(loads.map((load) => load.lane))) cost += lane < 0 ? 0 : (x.lanes[lane]?.fixed ?? 0)
  const late = x.pol.promiseDay === null ? 0 : x.pol.late * Math.max(0, a - x.pol.promiseDay)
  for (const load of loads) {
    const g = load.units * (x.grams[load.line] ?? 0)
    cost += load.units * ((x.wh[load.from]?.perUnit ?? 0) + (x.shadow?.[load.line]?.[load.from] ?? 0))
    if (load.lane >= 0) cost += Math.round((g * (x.lanes[load.lane]?.perKg ?? 0)) / 1000)
    cost += Math.round((g * service.perKg) / 1000) + load.units * (x.pol.perDay * a + late)
  }
  return cost
}

/** What is wrong with a plan; empty when units, dates, stock and sums are right. */
export const faults = (x: Instance, plan: Plan): string[] => {
  const found: string[] = []
  const sent = x.qty.map(() => 0)
  let total = 0
  for (const line of plan.unfilled) {
    const fine = x.pol.unfilled[line] ?? null
    if (fine === null && plan.cost !== null) found.push(`line ${line} may not be left out`)
    total += fine ?? 0
  }
  for (const parcel of plan.shipments) {
    const hub = x.wh.findIndex((site) => site.id === parcel.hub)
    const v = x.wh[hub]?.services.findIndex((service) => service.id === parcel.service) ?? -1
    let cheapest: number | null = null
    const options = parcel.lines.map((line) => {
      const from = x.wh.findIndex((site) => site.id === line.from)
      sent[line.line] = (sent[line.line] ?? 0) + line.quantity
      const leaves = line.lot ?? x.wh[from]?.ready0 ?? 0
      if ((line.kind === 'transfer') !== (from !== hub)) found.push(`line ${line.line}: kind ${line.kind} from ${line.from}`)
      // Stock and an earlier lot of one place that travel together are ready with the later of the two.
      const lanes = x.lanes.flatMap((lane, k) =>
        lane.from === from &&
        lane.to === hub &&
        (there(lane, leaves) === line.day || there(lane, Math.max(leaves, x.wh[from]?.ready0 ?? 0)) === line.day)
          ? [k]
          : [],
      )
      const ready = Math.max(leaves, x.wh[hub]?.ready0 ?? 0)
      if (from === hub && line.day !== ready) found.push(`line ${line.line}: at the hub on ${line.day}, not ${ready}`)
      return (from === hub ? [-1] : lanes).map(
        (lane): Way => ({ line: line.line, units: line.quantity, from, lane, ready: line.day }),
      )
    })
    const choose = (k: number, ways: readonly Way[]): void => {
      const open = options[k]
      if (open === undefined) {
        const cost = formula(x, hub, v, ways)
        if (cost !== null && (cheapest === null || cost < cheapest)) cheapest = cost
        return
      }
      for (const way of open) choose(k + 1, [...ways, way])
    }
    choose(0, [])
    if (cheapest !== parcel.cost) found.push(`parcel from ${parcel.hub} says ${parcel.cost}, is ${cheapest}`)
    const r = Math.max(x.wh[hub]?.ready0 ?? 0, ...parcel.lines.map((line) => line.day))
    if (r !== parcel.day) found.push(`parcel from ${parcel.hub} leaves on ${parcel.day}, could on ${r}`)
    total += parcel.cost
  }
  sent.forEach((units, line) => {
    const due = plan.unfilled.includes(line) ? 0 : (x.qty[line] ?? 0)
    if (units !== due) found.push(`line ${line}: ${units} units, not ${due}`)
  })
  found.push(...overdrawn(x, plan))
  if (plan.cost !== null && total !== plan.cost) found.push(`parts sum to ${total}, not ${plan.cost}`)
  if (plan.parcels !== plan.shipments.length) found.push('parcels miscounted')
  return found
}

/** Units taken by day d from a place must lie there or have come by then. */
const overdrawn = (x: Instance, plan: Plan): string[] => {
  const found: string[] = []
  const taken = plan.shipments.flatMap((parcel) => parcel.lines)
  for (const one of taken) {
    const w = x.wh.findIndex((site) => site.id === one.from)
    const by = one.lot ?? -1
    const used = taken.reduce(
      (sum, t) => sum + (t.line === one.line && t.from === one.from && (t.lot ?? -1) <= by ? t.quantity : 0),
      0,
    )
    const lots = x.pol.backorder ? (x.incoming[one.line] ?? []) : []
    const there = lots.reduce((sum, lot) => sum + (lot.w === w && lot.day <= by ? lot.qty : 0), x.stock[one.line]?.[w] ?? 0)
    if (used > there) found.push(`line ${one.line}: ${used} units from ${one.from} by ${by}, only ${there}`)
  }
  return found
}
