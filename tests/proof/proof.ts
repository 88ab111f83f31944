/** What a run of the proof came to, as it is kept, and the page that is written from it. Pure. */
import type { Finding } from './instrument.ts'

export type Proof = Readonly<{
  date: string
  commit: string
  minutes: number
  seed: number
  machine: Readonly<{ cpu: string; cores: number; memoryBytes: number; kernel: string }>
  versions: Readonly<{ node: string; postgres: string }>
  instruments: readonly Proven[]
  mutants: Readonly<{ caught: number; of: number; beforehand: number; seconds: number; free: readonly string[] }>
}>
export type Proven = Readonly<{
  name: string
  what: string
  seed: number
  seconds: number
  counts: Readonly<Record<string, number>>
  findings: readonly Finding[]
  /** It broke off, and what it counted until then is lost. */
  broke?: string
}>

/** A fault that an instrument found in the product, kept by hand (`faults.json`). */
export type Fault = Readonly<{
  found: string
  /** The instrument, and what shows it: a seed, a schedule, a case. */
  by: string
  seed: string
  invariant: string
  cause: string
  mended: string
  /** The commit that mended it, once there is one. */
  commit?: string
}>

/** Findings by what they mean to a shop; what is none of the first three is unexplained until somebody explains it. */
export const verdictOf = (proof: Proof): Readonly<{ lost: number; doubled: number; oversold: number; unexplained: number }> => {
  const all = proof.instruments.flatMap(({ findings }) => findings)
  const of = (...invariants: readonly string[]): number =>
    all.filter(({ invariant }) => invariants.includes(invariant.split(' ')[0] ?? '')).length
  const [lost, doubled, oversold] = [of('I1'), of('I2', 'I6'), of('I3')]
  return { lost, doubled, oversold, unexplained: all.length - lost - doubled - oversold }
}

export const isClean = (proof: Proof): boolean =>
  proof.mutants.caught === proof.mutants.of &&
  proof.instruments.every(({ findings, broke }) => findings.length === 0 && broke === undefined)

const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
const duration = (seconds: number): string => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`)
const counted = ({ instruments }: Proof, instrument: string, ...names: readonly string[]): number => {
  const counts = instruments.find(({ name }) => name === instrument)?.counts ?? {}
  return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0)
}
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

export const reliabilityPage = (proof: Proof, faults: readonly Fault[]): string => {
  const { lost, doubled, oversold, unexplained } = verdictOf(proof)
  const { machine, versions, mutants } = proof
  const acknowledged = counted(proof, 'simulation', 'acknowledged') + counted(proof, 'chaos', 'orders acknowledged')
  return `<!-- Written by \`npm run prove -- --write\` from tests/proof/last.json and tests/proof/faults.json: not by hand. -->
# How far Waybill can be relied on

**${number(acknowledged)} orders acknowledged while things failed: ${lost} lost, ${doubled} doubled, ${oversold} oversold, ${unexplained} unexplained.
${mutants.caught} of ${mutants.of} mutants caught.**

Made by \`npm run prove -- --minutes ${proof.minutes} --seed ${proof.seed} --write\` on ${proof.date.slice(0, 10)}, at commit \`${proof.commit}\`
(a \`+\` behind it: with changes that were not committed yet), on ${machine.cores} cores of ${machine.cpu} with
${Math.round(machine.memoryBytes / 2 ** 30)} GB, ${machine.kernel}; Node ${versions.node}, PostgreSQL ${versions.postgres}. The same command looks at the
same seeds; what each promise is, and how it is checked, is told below.

## What was done

${proof.instruments.map((proven) => instrumentText(proven)).join('\n\n')}

## Violations

${violationsText(proof)}

## Mutants

${mutants.caught} of ${mutants.of} small faults, planted into a copy of the source one at a time, were caught (${mutants.beforehand} of them named before an
instrument was pointed at them), in ${duration(mutants.seconds)}. The list, and what catches each: [mutants](docs/reference/mutants.md).${
    mutants.free.length === 0 ? '' : ` Not caught: ${mutants.free.join(', ')}.`
  }

## Faults that were found

${faultsText(faults)}

## The promises

${promises.map(([name, text]) => `- **${name}** ${text}`).join('\n')}

## What this does not show

Power cuts (only killed processes and a full disk), more than one machine, a network that loses packets at random, hours of load, and
whatever nobody thought of. To look for yourself: [run a failing seed](docs/how-to/run-a-failing-seed.md).
`
}

/** `ordersPlaced` as people read it. */
const inWords = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const instrumentText = ({ name, what, seed, seconds, counts, findings, broke }: Proven): string =>
  [
    `### ${name[0]?.toUpperCase() ?? ''}${name.slice(1)}: ${what}`,
    '',
    `From seed ${seed} on, for ${duration(seconds)}: ${findings.length} findings.${broke === undefined ? '' : ` It broke off: ${broke}`}`,
    '',
    row('count', 'of'),
    row('---:', '---'),
    ...Object.entries(counts).map(([what, count]) => row(number(count), inWords(what))),
  ].join('\n')

const violationsText = ({ instruments }: Proof): string => {
  const all = instruments.flatMap(({ name, findings }) => findings.map((finding) => ({ name, ...finding })))
  if (all.length === 0) return 'None.'
  const rows = all.map(({ name, invariant, seed, told }) =>
    row(name, invariant, String(seed), told.split('\n')[0]?.slice(0, 200) ?? ''),
  )
  return [row('instrument', 'promise', 'seed', 'what was seen'), row('---', '---', '---:', '---'), ...rows].join('\n')
}

const faultsText = (faults: readonly Fault[]): string =>
  faults.length === 0
    ? 'None yet.'
    : [
        'In the product, by the instruments above, since they were built; each is mended at its root.',
        '',
        row('promise', 'what was seen', 'found by', 'cause', 'mended'),
        row('---', '---', '---', '---', '---'),
        ...faults.map(({ invariant, found, by, seed, cause, mended, commit }) =>
          row(invariant, found, `${by}, ${seed}`, cause, commit === undefined ? mended : `${mended} (${commit})`),
        ),
      ].join('\n')

/** As the checkers hold them. */
const promises: readonly (readonly [string, string])[] = [
  ['I1', 'No acknowledged order is lost, whatever is killed, cut off or full.'],
  ['I2', 'One effect a key: a repeated request gets its first answer, another body under the same key is refused.'],
  ['I3', 'No unit is sold twice: on hand, reserved and free are never below nothing, at any committed moment.'],
  ['I4', 'Stock balances: the ledger’s sum is the stock, and units are conserved through every shipment, transfer and return.'],
  [
    'I5',
    'Money is conserved, in whole minor units: refunded ≤ captured ≤ authorised, lines less discounts plus delivery are the total.',
  ],
  ['I6', 'Nobody is charged twice, by the provider’s own books.'],
  [
    'I7',
    'Every order ends, waits for somebody by name, or is in the stuck list with a reason, half a minute after things are well.',
  ],
  ['I8', 'Only legal steps: each history is a path of its published table, in versions without a gap.'],
  ['I9', 'Every committed event reaches every reaction, takes effect once, and in order.'],
  ['I10', 'What is shown is what happened: state and read models are the fold of their events.'],
  [
    'I11',
    'A reservation runs out once, never while the order is paid; money that comes later reserves again or goes back in full.',
  ],
  ['I16', 'No clock but the database’s decides anything: a process three hours off changes nothing.'],
]
