/**
 * The same problem as a mixed-integer program in LP format, for HiGHS: one parcel per (hub, service, dispatch day), a
 * way for every line; lines to cut by whole units, from every pool of them. Not for weight steps, under which two parcels
 * of one kind may pay, nor for cut lines whose weight does not round to whole cents by the unit.
 */
import type { Instance } from '../../src/sourcing/instance.ts'

type Column = Readonly<{ name: string; cost: number }>
type Pool = Readonly<{ w: number; day: number; units: number }>

/** A plan counts a parcel as this share of a cent: enough for the fewest parcels among the cheapest plans. */
export const parcelShare = 1 / 64

export const mipOf = (x: Instance, cut: readonly number[] = []): string => {
  const columns: Column[] = []
  const general: string[] = []
  const rows: string[] = []
  const ways: string[][] = x.qty.map(() => [])
  const drawn = new Map<string, string[]>()
  const pools = x.qty.map((_, i) => (cut.includes(i) ? poolsOf(x, i) : []))
  x.wh.forEach((site, h) => {
    for (const r of dispatchDays(x, h, pools)) {
      site.services.forEach((service, v) => {
        const a = service.arr === null ? r + service.days : service.arr[r]
        if (a === undefined) return
        const parcel = `y_${h}_${v}_${r}`
        columns.push({ name: parcel, cost: service.base + site.pick + site.load + x.pol.split + parcelShare })
        const lanes =
          x.pol.transfers && !site.noHub
            ? x.lanes.map((lane, k) => ({ ...lane, k })).filter((lane) => lane.to === h && lane.from !== h)
            : []
        for (const lane of [{ from: h, fixed: 0, perKg: 0, days: 0, k: -1 }, ...lanes]) {
          const open = `z_${h}_${v}_${r}_${lane.k + 1}`
          if (lane.k >= 0) columns.push({ name: open, cost: lane.fixed })
          const late = x.pol.promiseDay === null ? 0 : x.pol.late * Math.max(0, a - x.pol.promiseDay)
          const costOf = (i: number, units: number) => {
            const kilo = (price: number) => Math.round((units * (x.grams[i] ?? 0) * price) / 1000)
            const unit = (x.wh[lane.from]?.perUnit ?? 0) + (x.shadow?.[i]?.[lane.from] ?? 0) + x.pol.perDay * a + late
            return units * unit + kilo(lane.perKg) + kilo(service.perKg)
          }
          const needs = (name: string, most: number) => {
            rows.push(`${name} - ${most} ${parcel} <= 0`)
            if (lane.k >= 0) rows.push(`${name} - ${most} ${open} <= 0`)
          }
          x.qty.forEach((units, i) => {
            const name = `x_${i}_${h}_${v}_${r}_${lane.k + 1}`
            if (cut.includes(i)) {
              pools[i]?.forEach((pool, k) => {
                if (pool.w !== lane.from || Math.max(site.ready0, pool.day + lane.days) > r) return
                const piece = `${name}_${k}`
                columns.push({ name: piece, cost: costOf(i, 1) })
                general.push(piece)
                needs(piece, Math.min(units, pool.units))
                ways[i]?.push(piece)
                drawn.set(`${i} ${k}`, [...(drawn.get(`${i} ${k}`) ?? []), piece])
              })
              return
            }
            const leaves = leavesOn(x, i, lane.from)
            if (leaves === null || Math.max(site.ready0, leaves + lane.days) > r) return
            columns.push({ name, cost: costOf(i, units) })
            needs(name, 1)
            ways[i]?.push(name)
          })
        }
      })
    }
  })
  for (const [key, pieces] of drawn) {
    const [i, k] = key.split(' ').map(Number)
    rows.push(`${pieces.join(' + ')} <= ${pools[i ?? 0]?.[k ?? 0]?.units ?? 0}`)
  }
  x.pol.unfilled.forEach((fine, i) => {
    if (fine === null) return
    columns.push({ name: `u_${i}`, cost: fine })
    ways[i]?.push(cut.includes(i) ? `${x.qty[i] ?? 0} u_${i}` : `u_${i}`)
  })
  ways.forEach((open, i) => {
    if (open.length > 0) rows.push(`${open.join(' + ')} = ${cut.includes(i) ? (x.qty[i] ?? 0) : 1}`)
    else {
      // No way at all: a sum without terms cannot be written, what cannot be can.
      columns.push({ name: `never_${i}`, cost: 0 })
      rows.push(`never_${i} >= 2`)
    }
  })
  const terms = columns.map(({ name, cost }) => `${cost} ${name}`).join('\n + ')
  const whole = new Set(general)
  const binary = columns.filter(({ name }) => !whole.has(name)).map(({ name }) => name)
  return `Minimize\n obj: ${terms}\nSubject To\n${rows.map((row, k) => ` c${k}: ${row}`).join('\n')}\n${
    general.length === 0 ? '' : `General\n ${general.join('\n ')}\n`
  }Binary\n ${binary.join('\n ')}\nEnd\n`
}

/** Cents and parcels of the program's objective. */
export const readObjective = (objective: number): { cost: number; parcels: number } => {
  const parcels = Math.round((objective - Math.floor(objective + parcelShare / 2)) / parcelShare)
  return { cost: Math.round(objective - parcels * parcelShare), parcels }
}

const poolsOf = (x: Instance, i: number): Pool[] => {
  const here = (x.stock[i] ?? []).map((units, w): Pool => ({ w, day: x.wh[w]?.ready0 ?? 0, units }))
  const later = x.pol.backorder ? (x.incoming[i] ?? []).map((lot): Pool => ({ w: lot.w, day: lot.day, units: lot.qty })) : []
  return [...here, ...later].filter(({ units }) => units > 0)
}

const dispatchDays = (x: Instance, h: number, pools: readonly (readonly Pool[])[]): number[] => {
  const ready0 = x.wh[h]?.ready0 ?? 0
  const days = new Set<number>()
  const lanes = [{ from: h, to: h, days: 0 }, ...x.lanes.filter((lane) => lane.to === h)]
  x.qty.forEach((_, i) => {
    for (const lane of lanes) {
      const leaves = leavesOn(x, i, lane.from)
      if (leaves !== null) days.add(Math.max(ready0, leaves + lane.days))
      for (const pool of pools[i] ?? []) if (pool.w === lane.from) days.add(Math.max(ready0, pool.day + lane.days))
    }
  })
  return [...days]
}

const leavesOn = (x: Instance, i: number, w: number): number | null => {
  let lacking = (x.qty[i] ?? 0) - (x.stock[i]?.[w] ?? 0)
  if (lacking <= 0) return x.wh[w]?.ready0 ?? 0
  if (!x.pol.backorder) return null
  for (const lot of (x.incoming[i] ?? []).filter((one) => one.w === w).sort((a, b) => a.day - b.day)) {
    lacking -= lot.qty
    if (lacking <= 0) return lot.day
  }
  return null
}
