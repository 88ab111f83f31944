/** What `waybill simulate` is called with, read into a question; what is wrong is said with how to mend it. */
import { existsSync, readFileSync } from 'node:fs'
import { Value } from 'typebox/value'
import { parseStock, readCsvRows, stockHeader } from '../imports/contract.ts'
import { changeNetwork, type NetworkChange, networkChangeSchema } from '../insights/simulation-network.ts'
import {
  type NetworkSeen,
  type OrderRange,
  ordersDefault,
  ordersMax,
  policiesDefault,
  policiesMax,
  type StockAsked,
  type StockGiven,
  stockSchema,
} from '../insights/simulation-question.ts'
import type { StockRow } from '../insights/simulation-stock.ts'
import type { Day } from '../kernel/ids.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import type { Simulating } from '../simulation-wiring.ts'
import { networkFaults, parsePolicy, type Policy } from '../sourcing/contract.ts'
import { existingFile, UsageError } from './session.ts'

const isDay = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** `last:5000`, days `2011-01-01..2011-03-31` (either may be left out), or order numbers `1001..6000`. */
export const rangeOf = (text = `last:${ordersDefault}`): OrderRange => {
  const last = /^last:(\d{1,9})$/.exec(text)?.[1]
  if (last !== undefined) {
    const count = Number(last)
    if (count >= 1 && count <= ordersMax) return { last: count }
    throw new UsageError(`--orders ${text}: say 1 to ${ordersMax}`)
  }
  const [from = '', to = '', ...more] = text.split('..')
  if (text.includes('..') && more.length === 0 && (from !== '' || to !== '')) {
    if ([from, to].every((end) => end === '' || isDay(end))) {
      if (from !== '' && to !== '' && from > to) throw new UsageError(`--orders ${text}: ${from} lies after ${to}: swap them`)
      return { ...(from === '' ? {} : { from: from as Day }), ...(to === '' ? {} : { to: to as Day }) }
    }
    if ([from, to].every((end) => /^\d{1,15}$/.test(end))) {
      if (Number(from) <= Number(to)) return { numbers: [Number(from), Number(to)] }
      throw new UsageError(`--orders ${text}: ${from} is more than ${to}: swap them`)
    }
  }
  throw new UsageError(`--orders ${text}: say last:5000, days like 2011-01-01..2011-03-31, or order numbers like 1001..6000`)
}

/** `current`, `ample`, `scale=0.8`, `fill=0.9`, `fill=0.9,seed=7`, or a CSV file like that of `waybill import stock`. */
export const stockOf = async (text: string | undefined): Promise<StockAsked | StockGiven | undefined> => {
  if (text === undefined) return undefined
  if (text === 'current' || text === 'ample') return text
  const [, scale, fill, seed] = /^(?:scale=([\d.]+)|fill=([\d.]+)(?:,seed=(\d+))?)$/.exec(text) ?? []
  const asked =
    scale !== undefined
      ? { scale: Number(scale) }
      : fill !== undefined
        ? { fill: Number(fill), ...(seed === undefined ? {} : { seed: Number(seed) }) }
        : undefined
  if (asked !== undefined) {
    if (Value.Check(stockSchema, asked)) return asked
    throw new UsageError(`--stock ${text}: the factor is a number from 0 to 10, the seed a whole one`)
  }
  if (!existsSync(text))
    throw new UsageError(`--stock ${text}: say current, ample, scale=0.8, fill=0.9 or a CSV file productId,warehouse,quantity`)
  const rows: StockRow[] = []
  for await (const row of readCsvRows(text, stockHeader)) {
    const parsed = parseStock(row)
    if (!parsed.ok) throw new UsageError(`${text}, row ${parsed.fault.row}, ${parsed.fault.column}: ${parsed.fault.message}`)
    rows.push([parsed.value.productId, parsed.value.warehouse, parsed.value.quantity])
  }
  return { rows, words: `as in ${text}` }
}

const jsonIn = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(existingFile(file), 'utf8'))
  } catch (fault) {
    if (fault instanceof SyntaxError) throw new UsageError(`${file} is not JSON: ${fault.message}`)
    throw fault
  }
}

const wrong = (what: string, errors: readonly FieldProblem[]): UsageError =>
  new UsageError(`${what}:${errors.map(({ pointer, detail, code }) => `\n  - ${pointer} ${detail ?? code}`).join('')}`)

/** Each by the name of a policy the shop has, with or without its version, or a file with one. */
export const policiesOf = async (
  named: readonly string[] = policiesDefault,
  policyNamed: Simulating['policyNamed'],
): Promise<readonly Policy[]> => {
  if (named.length > policiesMax) throw new UsageError(`${named.length} policies are too many: at most ${policiesMax} at once`)
  const policies: Policy[] = []
  for (const each of named) {
    const policy = /\.json$|[/\\]/.test(each) ? policyIn(each) : await policyNamed(each)
    if (policy === undefined)
      throw new UsageError(
        `there is no policy ${each}: name one of the shop's, like ${policiesDefault.join(', ')}, or a .json file`,
      )
    if (policies.some(({ id }) => id === policy.id))
      throw new UsageError(`policy ${policy.id} is there twice: give one another name`)
    policies.push(policy)
  }
  return policies
}

/** Without a version: it is none of the shop's. */
const policyIn = (file: string): Policy => {
  const parsed = parsePolicy(jsonIn(file))
  if ('errors' in parsed) throw wrong(`${file} is no policy`, parsed.errors)
  return { ...parsed.policy, id: parsed.policy.name }
}

export type NetworkArguments = Readonly<{
  network?: string
  close?: readonly string[]
  open?: readonly string[]
}>

/** @param geocode finds a British postcode, for `--open ID=POSTCODE`. */
export const networkOf = (
  seen: NetworkSeen,
  { network: file, close = [], open = [] }: NetworkArguments,
  geocode: (country: string, postalCode: string) => Readonly<{ latitude: number; longitude: number }> | undefined,
): NetworkSeen => {
  if (file === undefined && close.length === 0 && open.length === 0) return seen
  const said = file === undefined ? {} : changeIn(file)
  const opened = open.map((text) => {
    const [, id, postalCode] = /^([^=]{1,64})=(.{1,16})$/.exec(text) ?? []
    if (id === undefined || postalCode === undefined) throw new UsageError(`--open ${text}: say it like --open BHM=B1`)
    const position = geocode('GB', postalCode)
    if (position === undefined)
      throw new UsageError(`--open ${text}: the postcode ${postalCode} is not known; add the warehouse in a --network file`)
    return { id, name: id, country: 'GB', postalCode, ...position }
  })
  const change: NetworkChange = {
    ...said,
    warehouses: [...(said.warehouses ?? []), ...opened],
    close: [...(said.close ?? []), ...close],
  }
  const changed = changeNetwork(seen.network, change, networkFaults)
  if ('errors' in changed) throw wrong('the network cannot be simulated', changed.errors)
  const words = [
    ...(file === undefined ? [] : [`changed by ${file}`]),
    ...(close.length === 0 ? [] : [`without ${close.join(', ')}`]),
    ...(opened.length === 0 ? [] : [`with ${opened.map(({ id }) => id).join(', ')}`]),
  ]
  return { network: changed.network, words: [seen.words, ...words].join(', ') }
}

const changeIn = (file: string): NetworkChange => {
  const value = jsonIn(file)
  if (Value.Check(networkChangeSchema, value)) return value
  const errors = [...Value.Errors(networkChangeSchema, value)].map(({ instancePath, message, keyword }) => ({
    pointer: instancePath,
    code: keyword,
    detail: keyword === 'boolean' ? 'there is no such field: leave it out' : message,
  }))
  throw wrong(`${file} is no change of a network`, errors)
}
