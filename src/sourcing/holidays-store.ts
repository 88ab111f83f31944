/**
 * Public holidays, as `date-holidays` knows them (ISC; its data CC-BY-3.0). Asked once a region and year. What it answers
 * depends on the region and the year alone, so whoever computes with it stays a function of its arguments.
 */
import { createRequire } from 'node:module'
import type Holidays from 'date-holidays'
import type { Day } from '../kernel/ids.ts'
import { dayNumber, yearOf } from './calendar.ts'
import type { Region } from './network.ts'

type Library = typeof Holidays
const require = createRequire(import.meta.url)
let library: Library | undefined
/** Loaded when the first network keeps holidays: it takes 150 ms and 30 MB, which commands that plan nothing need not pay. */
const loaded = (): Library => (library ??= require('date-holidays') as Library)

const years = new Map<string, ReadonlySet<number>>()
/** Regions × years kept: a shop sends to a few dozen countries, this year and the next. */
const yearsMax = 1_000

const holidaysIn = (region: Region, key: string, year: number): ReadonlySet<number> => {
  const known = years.get(key)
  if (known !== undefined) return known
  const { country, state, region: part } = region
  const Calendar = loaded()
  const calendar = new Calendar({
    country,
    ...(state === undefined ? {} : { state }),
    ...(part === undefined ? {} : { region: part }),
  })
  const days = new Set<number>()
  // A holiday may last longer than a day, and begin in the year before.
  for (const asked of [year - 1, year]) {
    for (const { date, start, end, type } of calendar.getHolidays(asked)) {
      if (type !== 'public') continue
      const first = dayNumber(date.slice(0, 10) as Day)
      const length = Math.max(1, Math.round((end.getTime() - start.getTime()) / dayMs))
      for (let day = first; day < first + length; day++) if (yearOf(day) === year) days.add(day)
    }
  }
  if (years.size >= yearsMax) years.clear()
  years.set(key, days)
  return days
}

const dayMs = 86_400_000

const textOf = ({ country, state = '', region = '' }: Region): string => `${country} ${state} ${region}`

/** Whether a day is a public holiday there. */
export const holidaysOf = (region: Region): ((day: number) => boolean) => {
  const text = textOf(region)
  let from = 0
  let to = 0
  let days: ReadonlySet<number> = new Set()
  return (day) => {
    if (day < from || day >= to) {
      const year = yearOf(day)
      days = holidaysIn(region, `${text} ${year}`, year)
      from = dayNumber(`${year}-01-01` as Day)
      to = dayNumber(`${year + 1}-01-01` as Day)
    }
    return days.has(day)
  }
}

/** Why a region is none; undefined where it is one. A country without known holidays is a region without holidays. */
export const regionFault = ({ country, state, region }: Region): Readonly<{ field: string; detail: string }> | undefined => {
  const Calendar = loaded()
  const all = new Calendar()
  const listed = (names: Readonly<Record<string, string>>): string => Object.keys(names).join(', ')
  const countries = all.getCountries('en')
  if (countries[country] === undefined)
    return { field: 'country', detail: `no holidays are known of ${country}: name the days in closedDays, or leave holidays out` }
  if (state === undefined)
    return region === undefined ? undefined : { field: 'region', detail: 'a region is part of a state: name the state' }
  const states: Readonly<Record<string, string>> = all.getStates(country, 'en') ?? {}
  if (states[state] === undefined)
    return { field: 'state', detail: `${country} has no ${state}: ${listed(states) || 'it has no states'}` }
  if (region === undefined) return undefined
  const regions: Readonly<Record<string, string>> = all.getRegions(country, state, 'en') ?? {}
  if (regions[region] !== undefined) return undefined
  return { field: 'region', detail: `${country} ${state} has no ${region}: ${listed(regions) || 'it has no regions'}` }
}

/** The public holidays of a country, where any are known. */
export const ownHolidays = (country: string): Region | null => (regionFault({ country }) === undefined ? { country } : null)
