/**
 * The same problem as a mixed-integer program in LP format, for HiGHS: one parcel per (hub, service, dispatch day), a
 * way for every line. Only for instances without weight steps and without cut lines.
 */
import type { Instance } from '../../src/sourcing/instance.ts'

type Column = { name: string; cost: number }

export const mipOf = (x: Instance): string => {
  const columns: Column[] = []
  const rows: string[] = []
  const ways: string[][] = x.qty.map(() => [])
  x.wh.forEach((site, h) => {
    for (const r of dispatchDays(x, h)) {
      site.services.forEach((service, v) => {
        const a = service.arr === null ? r + service.days : service.arr[r]
        if (a === undefined) return
        const parcel = `y_${h}_${v}_${r}`
        columns.push({ name: parcel, cost: service.base + site.pick + site.load + x.pol.split })
        const lanes =
          x.pol.transfers && !site.noHub
            ? x.lanes.map((lane, k) => ({ ...lane, k })).filter((lane) => lane.to === h && lane.from !== h)
            : []
        for (const lane of [{ from: h, fixed: 0, perKg: 0, days: 0, k: -1 }, ...lanes]) {
          const open = `z_${h}_${v}_${r}_${lane.k + 1}`
          if (lane.k >= 0) columns.push({ name: open, cost: lane.fixed })
          x.qty.forEach((units, i) => {
            const leaves = leavesOn(x, i, lane.from)
            if (leaves === null || Math.max(site.ready0, leaves + lane.days) > r) return
            const name = `x_${i}_${h}_${v}_${r}_${lane.k + 1}`
            const kilo = (price: number) => Math.round((units * (x.grams[i] ?? 0) * price) / 1000)
            const late = x.pol.promiseDay === null ? 0 : x.pol.late * Math.max(0, a - x.pol.promiseDay)
            const unit = (x.wh[lane.from]?.perUnit ?? 0) + (x.shadow?.[i]?.[lane.from] ?? 0) + x.pol.perDay * a + late
            columns.push({ name, cost: units * unit + kilo(lane.perKg) + kilo(service.perKg) })
            rows.push(`${name} - ${parcel} <= 0`)
            if (lane.k >= 0) rows.push(`${name} - ${open} <= 0`)
            ways[i]?.push(name)
          })
        }
      })
    }
  })
  x.pol.unfilled.forEach((fine, i) => {
    if (fine === null) return
    columns.push({ name: `u_${i}`, cost: fine })
    ways[i]?.push(`u_${i}`)
  })
  for (const open of ways) rows.push(`${open.join(' + ')} = 1`)
  const terms = columns.map(({ name, cost }) => `${cost} ${name}`).join('\n + ')
  return `Minimize\n obj: ${terms}\nSubject To\n${rows.map((row, k) => ` c${k}: ${row}`).join('\n')}\nBinary\n ${columns.map(({ name }) => name).join('\n ')}\nEnd\n`
}

const dispatchDays = (x: Instance, h: number): number[] => {
  const ready0 = x.wh[h]?.ready0 ?? 0
  const days = new Set<number>()
  x.qty.forEach((_, i) => {
    const own = leavesOn(x, i, h)
    if (own !== null) days.add(Math.max(ready0, own))
    for (const lane of x.lanes) {
      const leaves = lane.to === h ? leavesOn(x, i, lane.from) : null
      if (leaves !== null) days.add(Math.max(ready0, leaves + lane.days))
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
