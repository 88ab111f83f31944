/** Several lines of a location problem as one: bundles, which leave together, and lines that no solution would tell apart. */
import { type Draft, type Facilities, finish } from './facilities.ts'

type Entry = { source: number; cost: number }

/**
 * Lines that must leave together, as one line: by one source, or each by a source of its own to the same parcel. For the
 * latter a source is added that pays for all the lanes it takes, also where others take them too: a plan may be better than
 * its score says, so a large order with bundles is bounded by the model without this.
 */
export const bundleLines = (model: Facilities, together: Int32Array): Facilities => {
  const groups = new Map<string, number[]>()
  together.forEach((group, i) => {
    const key = group === 0 ? `line ${i}` : `group ${group}`
    groups.set(key, [...(groups.get(key) ?? []), i])
  })
  const members = [...groups.values()]
  const added: { facility: number; lanes: readonly number[] }[] = []
  const entries = members.map((group): Entry[] => {
    const sums = new Map<number, { lines: number; cost: number }>()
    for (const i of group) {
      for (let at = model.lineFrom[i]!; at < model.lineFrom[i + 1]!; at++) {
        const sofar = sums.get(model.entrySource[at]!)
        sums.set(model.entrySource[at]!, { lines: (sofar?.lines ?? 0) + 1, cost: (sofar?.cost ?? 0) + model.entryCost[at]! })
      }
    }
    const row = [...sums].flatMap(([source, { lines, cost }]): Entry[] => (lines === group.length ? [{ source, cost }] : []))
    if (group.length === 1) return row
    for (const [facility, way] of waysOf(model, group)) {
      row.push({ source: model.sourceFixed.length + added.length, cost: way.cost })
      added.push({ facility, lanes: way.lanes })
    }
    return row
  })
  const laid = draftOf(model)
  const grown: Draft = {
    ...laid,
    sources: laid.sources + added.length,
    sourceFacility: Int32Array.from([...laid.sourceFacility, ...added.map(({ facility }) => facility)]),
    sourceFixed: Float64Array.from([...laid.sourceFixed, ...added.map(() => 0)]),
    sourceLane: Int32Array.from([...laid.sourceLane, ...added.map(() => MIXED)]),
  }
  const mixed = new Map(added.map(({ lanes }, k) => [laid.sources + k, lanes]))
  return { ...pack(grown, entries, members), mixed }
}

/** In `sourceLane`: each member by a lane of its own. */
const MIXED = -3

type Way = Readonly<{ cost: number; lanes: readonly number[] }>
/** Facilities that every line of the group can come to, by more than one source: line by line, a lane is paid for once. */
const waysOf = (model: Facilities, group: readonly number[]): Map<number, Way> => {
  const options = group.map((i) => {
    const byFacility = new Map<number, number[]>()
    for (let at = model.lineFrom[i]!; at < model.lineFrom[i + 1]!; at++) {
      const facility = model.entryFacility[at]!
      byFacility.set(facility, [...(byFacility.get(facility) ?? []), at])
    }
    return byFacility
  })
  const ways = new Map<number, Way>()
  for (const facility of options[0]?.keys() ?? []) {
    if (model.service[facility]! < 0) continue
    const used = new Set<number>()
    let cost = 0
    const lanes = options.map((byFacility) => {
      let best = -1
      let least = Number.POSITIVE_INFINITY
      for (const at of byFacility.get(facility) ?? []) {
        const source = model.entrySource[at]!
        const whole = model.entryCost[at]! + (used.has(source) ? 0 : model.sourceFixed[source]!)
        if (whole >= least) continue
        least = whole
        best = source
      }
      cost += least
      used.add(best)
      return best < 0 ? MIXED : model.sourceLane[best]!
    })
    if (cost < Number.POSITIVE_INFINITY && used.size > 1) ways.set(facility, { cost, lanes })
  }
  return ways
}

const draftOf = (model: Facilities): Draft => ({
  ...model,
  facilities: model.fixed.length,
  sources: model.sourceFixed.length,
})

/**
 * Merges lines no solution would tell apart: the same sources in the same order of cost. Whatever is open, each of them
 * takes the first open entry of that one ranking, so they take it together.
 */
export const mergeLines = (model: Facilities): Facilities => {
  const classes = new Map<string, number[]>()
  for (let i = 0; i < model.n; i++) {
    const key = model.entrySource.subarray(model.lineFrom[i], model.lineFrom[i + 1]).join()
    const known = classes.get(key)
    if (known === undefined) classes.set(key, [i])
    else known.push(i)
  }
  const groups = [...classes.values()]
  const entries = groups.map((group) => {
    const first = model.lineFrom[group[0]!]!
    const length = model.lineFrom[group[0]! + 1]! - first
    return Array.from({ length }, (_, k): Entry => {
      const cost = group.reduce((sum, i) => sum + model.entryCost[model.lineFrom[i]! + k]!, 0)
      return { source: model.entrySource[first + k]!, cost }
    })
  })
  const members = groups.map((group) => group.flatMap((i) => model.members[i]!))
  return { ...pack(draftOf(model), entries, members), mixed: model.mixed }
}

const pack = (model: Draft, entries: Entry[][], members: readonly (readonly number[])[]): Facilities => {
  const lineFrom = new Int32Array(entries.length + 1)
  entries.forEach((row, i) => {
    row.sort((a, b) => a.cost - b.cost || a.source - b.source)
    lineFrom[i + 1] = lineFrom[i]! + row.length
  })
  const all = lineFrom[entries.length]!
  const entrySource = new Int32Array(all)
  const entryCost = new Float64Array(all)
  let at = 0
  for (const row of entries) {
    for (const { source, cost } of row) {
      entrySource[at] = source
      entryCost[at++] = cost
    }
  }
  return finish(model, lineFrom, entrySource, entryCost, members)
}
