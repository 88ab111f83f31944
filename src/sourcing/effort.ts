/**
 * What the solver did since it was last asked, in steps that are the same on every machine. Tests hold these to a limit,
 * which time on a shared machine does not allow; the benchmark prints them.
 */
export const effort = {
  /** Prices put on a subset of lines as one parcel. */
  evaluations: 0,
  /** Ways to bring a subset of lines to a hub that were compared. */
  joins: 0,
  /** Hubs, and lanes to them, that the bounds left for the tables. */
  hubs: 0,
  lanes: 0,
  /** Ways to split a set of lines in two that were compared. */
  partitions: 0,
  /** Bounds worked out: one an order, and one a branch of the search. */
  ascents: 0,
  /** Sources × lines laid out, and entries looked at by ascents and searches, for orders of many lines. */
  cells: 0,
  entries: 0,
  /** Orders whose first plan already met the bound. */
  atOnce: 0,
}

export const resetEffort = (): void => {
  effort.evaluations = 0
  effort.joins = 0
  effort.hubs = 0
  effort.lanes = 0
  effort.partitions = 0
  effort.ascents = 0
  effort.cells = 0
  effort.entries = 0
  effort.atOnce = 0
}
