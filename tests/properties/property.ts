/**
 * A property as data: what must hold of every case, whatever the case is. The test files walk lists of them with one seed
 * and a fixed number of cases, `npm run prove` with ever other seeds; a failing one says how it is run again alone.
 */
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Finding } from '../proof/instrument.ts'

export type Property = Readonly<{
  name: string
  /** The promise that would be broken (PROMISES: I1 to I16), where it is one. */
  invariant?: string
  property: fc.IRawProperty<unknown>
}>

/** The seed of every run in CI: a red build is a change of ours, never luck. Other seeds are for `npm run prove`. */
const usualSeed = 20_261_121
const seedOf = (text: string | undefined): number => (text === undefined ? usualSeed : Number(text))
/** Cases a property: raised for a long run, never lowered without saying so. */
const usualCases = 1_000
const casesOf = (text: string | undefined): number => (text === undefined ? usualCases : Number(text))

/** Holds a property against so many cases drawn from a seed; undefined where it stood. */
export const examine = async (
  { name, invariant = 'property', property }: Property,
  seed: number,
  cases: number,
): Promise<Finding | undefined> => {
  const details = await fc.check(property, { seed, numRuns: cases, includeErrorInReport: true })
  if (!details.failed) return undefined
  const told = (await fc.asyncDefaultReportMessage(details)) ?? 'it failed without words'
  const again = `WAYBILL_TEST_SEED=${seed} WAYBILL_TEST_CASES=${cases} WAYBILL_TEST_PROPERTY='${name}' npm test -- tests/properties`
  return { invariant, seed, told: `${name}\n${told}\nrun it again: ${again}` }
}

/** A suite of one test a property. `WAYBILL_TEST_PROPERTY` leaves out those whose name does not contain it. */
export const propertySuite = (title: string, properties: readonly Property[]): void => {
  const { WAYBILL_TEST_SEED, WAYBILL_TEST_CASES, WAYBILL_TEST_PROPERTY = '' } = process.env
  describe(title, () => {
    for (const property of properties.filter(({ name }) => name.includes(WAYBILL_TEST_PROPERTY))) {
      it(property.name, async () => {
        const finding = await examine(property, seedOf(WAYBILL_TEST_SEED), casesOf(WAYBILL_TEST_CASES))
        if (finding !== undefined) throw new Error(finding.told)
      })
    }
  })
}

/** A value nobody can change: a rule that wrote into what it was given would throw. */
export const frozen = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
