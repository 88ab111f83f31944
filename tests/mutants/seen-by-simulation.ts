/** Mutants that take a whole shop to be seen: seeds of the simulation, each found out by the checker of its own promise. */
import type { Catcher, Mutant } from './mutant.ts'

/** The first seeds, until one shows it: how many that takes moves with every change of the product. */
export const bySeeds = (count: number): Catcher => ({
  kind: 'command',
  file: 'tests/mutants/seeds.ts',
  args: ['--count', String(count)],
})

/** The same, of the whole shop: customers are written to, and people look orders up. */
export const byWholeSeeds = (count: number): Catcher => ({
  kind: 'command',
  file: 'tests/mutants/seeds.ts',
  args: ['--count', String(count), '--whole'],
})

export const simulationMutants: readonly Mutant[] = [
  {
    name: 'orders dated by a clock that is three hours ahead',
    invariant: 'I16',
    file: 'src/orders/placement-service.ts',
    find: 'placedAt: at,\n      ...draft,',
    replace: 'placedAt: addSeconds(at, 10_800),\n      ...draft,',
    catchedBy: bySeeds(4),
  },
  {
    name: 'an order that does not follow its work beyond the first step',
    invariant: 'I10',
    file: 'src/orders/decide.ts',
    find: 'if (known?.status === command.status) return []',
    replace: 'if (known !== undefined) return []',
    catchedBy: bySeeds(12),
  },
  {
    name: 'money given back that is not written down',
    invariant: 'I5',
    file: 'src/payments/money-log.ts',
    find: "else if (event.type === 'PaymentRefunded') {",
    replace: "else if (event.type === 'PaymentRefunded' && event.amount > 1_000_000) {",
    catchedBy: bySeeds(12),
  },
  {
    name: 'money let go that is not written down',
    invariant: 'I5',
    file: 'src/payments/money-log.ts',
    find: "else if (event.type === 'PaymentVoided') move('void', event.amount)",
    replace: "else if (event.type === 'PaymentVoided') move('void', 0)",
    catchedBy: bySeeds(20),
  },
  {
    name: 'a message said to be sent that no server took',
    invariant: 'I9',
    file: 'src/notifications/sending-service.ts',
    find: "return { id, status: over ? 'FAILED' : 'PENDING', error }",
    replace: "return { id, status: over ? 'FAILED' : 'SENT', error }",
    catchedBy: byWholeSeeds(20),
  },
  {
    name: 'an order listed in the status that it was placed in',
    invariant: 'I10',
    file: 'src/orders/listing-reactions.ts',
    find: "  'StatusChanged',\n",
    replace: '',
    catchedBy: byWholeSeeds(8),
  },
]

/** Mutants that, in some of the first seeds, only the checker of one promise finds: with it left out they get through. */
export const withoutChecker = [
  { mutant: 'units of a transfer in two places at once', check: 'I4' },
  { mutant: 'money given back that is not written down', check: 'I5' },
  { mutant: 'an order that does not follow its work beyond the first step', check: 'I10' },
  { mutant: 'a reservation expired while it is paid', check: 'I11' },
  { mutant: 'orders dated by a clock that is three hours ahead', check: 'I16' },
] as const

/** A seed that this checker alone finds out. */
export const byCheckerAlone = (check: string): Catcher => ({
  kind: 'command',
  file: 'tests/mutants/seeds.ts',
  args: ['--count', '20', '--alone', check],
})
