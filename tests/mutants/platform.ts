/** Mutants of what carries the rules: batches, keys, the journal, reactions, tasks, commits. Mostly on PostgreSQL. */
import { byTest, type Mutant } from './mutant.ts'
import { bySeeds } from './seen-by-simulation.ts'

const database = 'src/platform/postgres/database.test.ts'
const heart = 'tests/contracts/heart-flow.test.ts'

export const platformMutants: readonly Mutant[] = [
  {
    name: 'keys that are not remembered',
    invariant: 'I2',
    file: 'src/orders/placement-service.ts',
    find: 'const known = asked.key === undefined ? undefined : keys.find(asked.key)\n    if (known !== undefined) {',
    replace:
      'const known = asked.key === undefined ? undefined : keys.find(asked.key)\n    if (known !== undefined && made.size > 1_000) {',
    catchedBy: byTest(heart, 'answers a repeated key with the same order'),
    beforehand: true,
  },
  {
    name: 'an order answered before it is committed',
    invariant: 'I1',
    file: 'src/orders/placement-service.ts',
    find: 'await saveAtOnce(this.#writes(made, stock, { now: at }))',
    replace: 'saveAtOnce(this.#writes(made, stock, { now: at })).catch(() => undefined)',
    catchedBy: byTest(heart, 'answers a repeated key with the same order|lets only the order fail that cannot be saved'),
    beforehand: true,
  },
  {
    name: 'numbers of orders handed out twice',
    invariant: 'I8',
    file: 'src/orders/placement-service.ts',
    find: 'return this.#numbers.splice(0, count)',
    replace: 'return this.#numbers.slice(0, count)',
    catchedBy: byTest(heart, 'gives every order a number of its own'),
  },
  {
    name: 'events read by position, past open transactions',
    invariant: 'I9',
    file: 'src/platform/bus/journal.ts',
    find: 'if (seen.open.length === 0) this.#final',
    replace: 'if (seen.open.length >= 0) this.#final',
    catchedBy: byTest('src/platform/bus/journal.test.ts', 'waits for the one that wrote first and commits last'),
    beforehand: true,
  },
  {
    name: 'a position not saved with its effects',
    invariant: 'I9',
    file: 'src/platform/bus/consumers.ts',
    find: 'work.add(this.#positions.moved(one.reaction.name, reached))',
    replace: 'void this.#positions.moved(one.reaction.name, reached)',
    catchedBy: bySeeds(4),
    beforehand: true,
  },
  {
    name: 'events that pass a parked one of their key',
    invariant: 'I9',
    file: 'src/platform/bus/consumers.ts',
    find: 'const free = envelopes.filter((envelope) => !blocked.has(one.keyOf(envelope)))',
    replace: 'const free = envelopes.filter(() => blocked.size >= 0)',
    catchedBy: byTest('tests/contracts/bus-forms.test.ts', 'leaves an event that must wait'),
    beforehand: true,
  },
  {
    name: 'a task marked as done before it is',
    invariant: 'I9',
    file: 'src/platform/tasks/worker.ts',
    find: 'const outcomes = await this.#held(rows, this.#outcomes(kind, tasks.flat()))\n',
    replace:
      "const outcomes: TaskOutcome[] = tasks.flat().map(() => 'done')\n    await this.#finish(rows, tasks, outcomes)\n    await this.#outcomes(kind, tasks.flat())\n",
    catchedBy: byTest('src/platform/tasks/worker.test.ts', 'that fails is tried again, later each time'),
    beforehand: true,
  },
  {
    name: 'replay without write',
    invariant: 'I2',
    file: 'src/platform/records/postgres.ts',
    find: '    if (rows.length > 0) sql(work).confirm()\n',
    replace: '',
    catchedBy: byTest('tests/contracts/answers-of-standby.test.ts', 'a key that was used is answered'),
  },
  {
    name: 'the warning of a cancelled replication ignored',
    invariant: 'I1',
    file: 'src/platform/postgres/database.ts',
    find: "notice.code === '01000' && doubtful.add(client)",
    replace: "notice.code === '01001' && doubtful.add(client)",
    catchedBy: byTest(database, 'is unknown when its standby did not confirm'),
    beforehand: true,
  },
  {
    name: 'a doubtful commit decided again',
    invariant: 'I2',
    file: 'src/platform/postgres/database.ts',
    find: 'broken = fault instanceof Error ? fault : new Error(String(fault))\n      throw new OutcomeUnknown(fault)',
    replace: "broken = fault instanceof Error ? fault : new Error(String(fault))\n      throw new Aborted('conflict', fault)",
    catchedBy: byTest(database, 'is unknown in one statement just the same'),
  },
  {
    name: 'a refund asked again without its key',
    invariant: 'I6',
    file: 'src/payments/adapters/provider-tasks.ts',
    find: "const answer = await asking(task, 'refund', () => provider.refund(request))",
    replace:
      "const answer = await asking(task, 'refund', () => provider.refund({ ...request, key: `${task.key}:${Math.random()}` }))",
    catchedBy: byTest('tests/contracts/payment-flow.test.ts', 'ask again with the same key when a refund is not answered'),
    beforehand: true,
  },
  {
    name: 'expiry by the clock of the process',
    invariant: 'I16',
    file: 'src/orders/service.ts',
    find: 'const told = { ...asked.command, at: inline.now } as OrderCommand',
    replace: 'const told = { ...asked.command, at: new Date(Date.now() - 10_800_000).toISOString() } as OrderCommand',
    catchedBy: byTest(heart, 'is found by the reaper, once'),
    beforehand: true,
  },
  {
    name: 'an outside reference used twice',
    invariant: 'I2',
    file: 'src/orders/placement-service.ts',
    find: "externalRef === undefined ? [] : [{ scope: 'external-ref', key: externalRef, hash: '' }]",
    replace: "externalRef === undefined ? [] : [{ scope: `external-ref-${Math.random()}`, key: externalRef, hash: '' }]",
    catchedBy: byTest(heart, 'uses an outside id once'),
  },
  {
    name: 'a returned unit restocked twice',
    invariant: 'I4',
    file: 'src/inventory/reactions.ts',
    find: 'for (const { sku, quantity } of event.restock) stock.receive(',
    replace: 'for (const { sku, quantity } of [...event.restock, ...event.restock]) stock.receive(',
    catchedBy: byTest('tests/journeys/returns.test.ts', ''),
    beforehand: true,
  },
]
