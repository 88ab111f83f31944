/** What `intake` makes of its runs: figures, ratios to the references, and the marks beside them. */
import type { Figures, Mark, Result } from '../case.ts'
import { median } from '../load/latencies.ts'
import { medianOf, type Run } from './intake-run.ts'

export type Bare = Readonly<{ perSecond: number; micros: number }>
/** All runs of one load, Waybill's and the references'. */
export type Intake = Readonly<{
  name: string
  connections: number
  products: number
  pgbenchClients: number
  inFlight: number
  waybill: Run[]
  bare: Bare[]
  single: Run[]
  transaction: number[]
  /** The best of several numbers of clients, on one product only. */
  hotTransaction: number[]
  function: number[]
}>

export const intakeResults = (all: readonly Intake[]): readonly Result[] => {
  const uniformRate = (connections: number): number =>
    medianOf(all.find((one) => one.connections === connections && one.products > 1)?.waybill ?? [], 'perSecond')
  return all.map((one) => {
    const figures = { ...ownFigures(one), ...referenceFigures(one), ...ratios(one, uniformRate(one.connections)) }
    return { name: `intake, ${one.name}`, figures, marks: marksOf(one, figures) }
  })
}

const ownFigures = ({ waybill }: Intake): Figures => ({
  ordersPerSecond: medianOf(waybill, 'perSecond'),
  ordersPerSecondWithDrain: medianOf(waybill, 'perSecondWithDrain'),
  p50Ms: medianOf(waybill, 'p50'),
  p99Ms: medianOf(waybill, 'p99'),
  nodeMicros: medianOf(waybill, 'nodeMicros'),
  postgresMicros: medianOf(waybill, 'postgresMicros'),
  cpuMicrosWithDrain: medianOf(waybill, 'drainedMicros'),
  loadMicros: medianOf(waybill, 'loadMicros'),
  walBytes: medianOf(waybill, 'walBytes'),
  walBytesWithDrain: medianOf(waybill, 'drainedWalBytes'),
  commitsWithDrain: medianOf(waybill, 'commits'),
  lagEventsAtTheEnd: medianOf(waybill, 'lagEvents'),
  drainSeconds: medianOf(waybill, 'drainSeconds'),
  atOnceShare: medianOf(waybill, 'atOnceShare'),
  rerunsAThousand: medianOf(waybill, 'reruns'),
  shedAThousand: medianOf(waybill, 'shed'),
  idleCores: medianOf(waybill, 'idleCores'),
  otherCores: medianOf(waybill, 'otherCores'),
})

const hasPgbench = ({ transaction }: Intake): boolean => transaction.length > 0

const referenceFigures = (one: Intake): Figures => ({
  ...(hasPgbench(one)
    ? {
        pgbenchClients: one.pgbenchClients,
        ...(one.pgbenchClients < one.connections ? { pgbenchNote: 'the server has no more connections' } : {}),
        transactionPerSecond: median(one.transaction),
        ...(one.products === 1 ? { transactionBestPerSecond: median(one.hotTransaction) } : {}),
        functionPerSecond: median(one.function),
      }
    : { pgbenchNote: 'not installed here' }),
  barePerSecond: medianOf(one.bare, 'perSecond'),
  bareMicros: medianOf(one.bare, 'micros'),
  singlePerSecond: medianOf(one.single, 'perSecond'),
  singleInFlight: one.inFlight,
  singleShedAThousand: medianOf(one.single, 'shed'),
  singleMicros: medianOf(one.single, 'nodeMicros') + medianOf(one.single, 'postgresMicros'),
})

const ratios = (one: Intake, uniformRate: number): Figures => {
  const rate = medianOf(one.waybill, 'perSecond')
  const cpu = medianOf(one.waybill, 'nodeMicros') + medianOf(one.waybill, 'postgresMicros')
  const isHot = one.products === 1
  return {
    ...(hasPgbench(one)
      ? {
          rateOverTransaction: rate / median(one.transaction),
          ...(isHot ? { rateOverBestTransaction: rate / median(one.hotTransaction) } : {}),
          rateOverFunction: rate / median(one.function),
        }
      : {}),
    rateOverBare: rate / medianOf(one.bare, 'perSecond'),
    rateOverSingle: rate / medianOf(one.single, 'perSecond'),
    ...(isHot ? { rateOverUniform: rate / uniformRate } : {}),
    cpuOverBare: cpu / medianOf(one.bare, 'micros'),
  }
}

type Wanted = Readonly<{ what: string; figure: string; mark: number; aim?: number; atMost?: boolean }>
const [transaction, stored, bare, single, cpu, uniform] = [
  { what: 'rate ÷ (a) transaction', figure: 'rateOverTransaction' },
  { what: 'rate ÷ (b) function', figure: 'rateOverFunction' },
  { what: 'rate ÷ (c) bare route', figure: 'rateOverBare' },
  { what: 'rate ÷ (d) batches of one', figure: 'rateOverSingle' },
  { what: 'CPU ÷ CPU of (c)', figure: 'cpuOverBare', atMost: true },
  { what: 'rate ÷ rate on 10,000 products', figure: 'rateOverUniform' },
] as const

/** The marks and aims. */
const wanted: Readonly<Record<string, readonly Wanted[]>> = {
  '64 uniform': [
    { ...transaction, mark: 1.6, aim: 2.2 },
    { ...stored, mark: 0.8, aim: 1.1 },
    { ...single, mark: 2.5 },
    { ...cpu, mark: 2.8 },
  ],
  '256 uniform': [
    { ...bare, mark: 0.55, aim: 0.75 },
    { ...single, mark: 3.5 },
    { ...cpu, mark: 2.4, aim: 2 },
  ],
  '64 hot': [
    { ...uniform, mark: 1.15 },
    { ...transaction, mark: 9 },
    { ...stored, mark: 5 },
    { ...single, mark: 7 },
  ],
  '256 hot': [
    { ...uniform, mark: 1.15 },
    { ...transaction, mark: 12 },
    { ...stored, mark: 6.5 },
    { ...single, mark: 9 },
  ],
}

const marksOf = ({ connections, products }: Intake, figures: Figures): readonly Mark[] =>
  (wanted[`${connections} ${products === 1 ? 'hot' : 'uniform'}`] ?? []).flatMap(({ figure, ...mark }) => {
    const value = figures[figure]
    return typeof value === 'number' ? [{ ...mark, value }] : []
  })
