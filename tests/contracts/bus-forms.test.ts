/** Reactions and tasks on PostgreSQL and in memory: the same classes, the same outcomes. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Instant } from '../../src/kernel/ids.ts'
import { addSeconds, instant, milliseconds } from '../../src/kernel/time.ts'
import { Consumers, type Handled, type Reaction } from '../../src/platform/bus/consumers.ts'
import { MemoryJournal } from '../../src/platform/bus/journal.memory.ts'
import { type Journal, JournalReader } from '../../src/platform/bus/journal.ts'
import { MemoryPositions, MemoryPositionTables } from '../../src/platform/bus/positions.memory.ts'
import { type Positions, PostgresPositions } from '../../src/platform/bus/positions.ts'
import { silentLog } from '../../src/platform/log.ts'
import { MemoryRecords } from '../../src/platform/records/memory.ts'
import { PostgresRecords } from '../../src/platform/records/postgres.ts'
import type { Records } from '../../src/platform/records/records.ts'
import { MemoryBatches, MemoryTable } from '../../src/platform/store/memory.ts'
import { Aborted, type Batches, Fault, type Work, type Write } from '../../src/platform/store/work.ts'
import { bundled } from '../../src/platform/tasks/bundle.ts'
import { type ClaimedTask, oneByOne, type TaskHandler, type TaskOutcome } from '../../src/platform/tasks/handler.ts'
import { MemoryTaskRows } from '../../src/platform/tasks/rows.memory.ts'
import { leaseSeconds, PostgresTaskRows, type TaskRows } from '../../src/platform/tasks/rows.ts'
import { TaskWorker } from '../../src/platform/tasks/worker.ts'
import { heartDatabase } from '../support/heart.ts'

type Parked = Readonly<{ attempts: number; dead: boolean; reason: string; wait: number }>
type TaskLeft = Readonly<{ key: string; attempt: number; leased: boolean; dead: boolean; wait: number; error: string | null }>
type Form = Readonly<{
  batches: Batches
  records: Records
  positions: Positions
  journal: Journal
  tasks: TaskRows
  /** A row a word; a word that is there already cannot be saved. */
  effect: (words: readonly string[]) => Write
  effects: () => Promise<readonly string[]>
  parked: () => Promise<readonly Parked[]>
  left: () => Promise<readonly TaskLeft[]>
  /** Time goes on until all that waits is due, and leases are over. */
  pass: (seconds: number) => Promise<unknown>
  close: () => Promise<void>
}>

const forms: Readonly<Record<string, () => Promise<Form>>> = {
  memory: () => {
    let now = instant(Date.parse('2026-11-21T10:00:00Z'))
    const clock = (): Instant => now
    const batches = new MemoryBatches(clock)
    const records = new MemoryRecords()
    const journal = new MemoryJournal(records)
    const tables = new MemoryPositionTables()
    const words = new MemoryTable<string, true>()
    const until = (at: Instant): number => Math.round((milliseconds(at) - milliseconds(now)) / 1000)
    return Promise.resolve({
      batches,
      records,
      journal,
      positions: new MemoryPositions(tables, batches, journal, clock),
      tasks: new MemoryTaskRows(records, batches, clock),
      effect: (added) => ({
        apply: () => {
          for (const word of added) words.insert(word, true)
        },
      }),
      effects: () => Promise.resolve([...words.keys()]),
      parked: () =>
        Promise.resolve(
          [...tables.parked.values()].map(({ attempts, dead, reason, dueAt }) => ({ attempts, dead, reason, wait: until(dueAt) })),
        ),
      left: () =>
        Promise.resolve(
          [...records.tasks.values()]
            .map(({ key, attempt, leaseUntil, dead, dueAt, lastError: error }) => {
              return { key, attempt, leased: leaseUntil !== null, dead, wait: until(dueAt), error }
            })
            .sort((a, b) => (a.key < b.key ? -1 : 1)),
        ),
      pass: (seconds) => Promise.resolve((now = addSeconds(now, seconds))),
      close: () => Promise.resolve(),
    })
  },
  PostgreSQL: async () => {
    const { database, close } = await heartDatabase()
    await database.read('create table effects (id bigint generated always as identity, word text unique)')
    return {
      batches: database,
      records: new PostgresRecords(database),
      journal: new JournalReader(database),
      positions: new PostgresPositions(database),
      tasks: new PostgresTaskRows(database),
      effect: (words) => ({
        name: 'effects',
        sql: 'insert into effects (word) select * from unnest($1::text[])',
        types: ['text'],
        columns: [words],
      }),
      effects: async () => (await database.read<{ word: string }>('select word from effects order by id')).map(({ word }) => word),
      parked: () =>
        database.read<Parked>(
          'select attempts, dead, reason, round(extract(epoch from due_at - now()))::int as wait from platform.parked order by position',
        ),
      left: () =>
        database.read<TaskLeft>(
          `select key, attempt, lease_until is not null as leased, dead, round(extract(epoch from due_at - now()))::int as wait, last_error as error
             from platform.tasks order by key`,
        ),
      pass: (seconds) =>
        Promise.all([
          database.read(`update platform.parked set due_at = due_at - make_interval(secs => $1)`, [seconds]),
          database.read(
            `update platform.tasks set due_at = due_at - make_interval(secs => $1), lease_until = lease_until - make_interval(secs => $1)`,
            [seconds],
          ),
        ]),
      close,
    }
  },
}

for (const [form, open] of Object.entries(forms)) {
  describe(`A reaction in ${form}`, () => {
    let on: Form
    const streams = new Map<string, { id: string; version: number }>()
    beforeEach(async () => {
      on = await open()
      streams.clear()
    })
    afterEach(() => on.close())

    /** `ann:hello` is said on ann's stream. */
    const say = (...sayings: readonly string[]): Promise<void> =>
      on.batches.batch(async (work) => {
        for (const saying of sayings) {
          const [who = '', word = ''] = saying.split(':')
          const stream = streams.get(who) ?? { id: randomUUID(), version: 0 }
          stream.version += 1
          streams.set(who, stream)
          const facts = [{ type: 'Said', word }]
          work.add(
            on.records.append([{ stream: stream.id, firstVersion: stream.version, facts, origin: { actor: who }, at: work.now }]),
          )
        }
      })
    const wordOf = ({ event }: Parameters<Reaction['react']>[1][number]): string => String((event as { word?: string }).word)
    const react =
      (handle: (word: string) => Handled): Reaction['react'] =>
      async (work: Work, envelopes) => {
        const handled = envelopes.map((envelope) => handle(wordOf(envelope)))
        work.add(on.effect(envelopes.filter((_, index) => handled[index] === 'done').map(wordOf)))
        return handled
      }
    const consuming = async (...reactions: readonly Reaction['react'][]): Promise<Consumers> => {
      const all = reactions.map((one, index): Reaction => ({ name: `telling ${index}`, on: ['Said'], react: one }))
      await on.positions.know(all.map(({ name }) => name))
      return new Consumers(on.positions, on.journal, all, silentLog)
    }

    it('takes events in order and once, whoever else takes them too', async () => {
      const [one, other] = [await consuming(react(() => 'done')), await consuming(react(() => 'done'))]
      await say('ann:1', 'bob:2', 'ann:3')
      assert.equal(await one.caughtUp(), false)
      await Promise.all([one.settle(), other.settle()])
      await say('bob:4')
      await other.settle()
      await one.settle()
      assert.deepEqual(await on.effects(), ['1', '2', '3', '4'])
      assert.equal(await one.caughtUp(), true)
    })

    it('leaves an event that must wait, and what comes behind it of its key, until it is ready', async () => {
      let isReady = false
      const consumers = await consuming(react((word) => (word.startsWith('a') && !isReady ? { notYet: 'a must wait' } : 'done')))
      await say('ann:a1', 'bob:b1')
      await consumers.settle()
      await say('ann:a2', 'bob:b2')
      await consumers.settle()
      assert.deepEqual(await on.effects(), ['b1', 'b2'])
      assert.deepEqual(
        (await on.parked()).map(({ reason, attempts, wait }) => ({ reason, attempts, wait })),
        [
          { reason: 'a must wait', attempts: 1, wait: 1 },
          { reason: 'an earlier event of its key waits', attempts: 1, wait: 1 },
        ],
      )
      isReady = true
      for (let round = 0; round < 2; round++) {
        await on.pass(2)
        await consumers.settle()
      }
      assert.deepEqual(await on.effects(), ['b1', 'b2', 'a1', 'a2'])
      assert.deepEqual(await on.parked(), [])
    })

    it('puts aside the event that throws, or cannot be saved, and nothing of it is saved', async () => {
      const consumers = await consuming(async (work, envelopes) => {
        work.add(on.effect(envelopes.flatMap((envelope) => (wordOf(envelope) === 'twice' ? ['x', 'x'] : [wordOf(envelope)]))))
        if (envelopes.some((envelope) => wordOf(envelope) === 'bug')) throw new Error('a bug')
        return envelopes.map(() => 'done')
      })
      await say('ann:1', 'bob:bug', 'cy:twice', 'dee:2')
      await consumers.settle()
      assert.deepEqual(await on.effects(), ['1', '2'])
      const [bug, twice, ...others] = await on.parked()
      assert.match(bug?.reason ?? '', /a bug/)
      assert.match(twice?.reason ?? '', /failed/)
      assert.deepEqual(others, [])
      // Tried again it fails again, by itself.
      await on.pass(2)
      await consumers.settle()
      await on.pass(0)
      await consumers.settle()
      assert.deepEqual(await on.effects(), ['1', '2'])
    })

    it('waits longer each time, and gives up in the end; its key stays behind it', async () => {
      const consumers = await consuming(() => Promise.reject(new Error('always')))
      await say('ann:1')
      await consumers.settle()
      const waits: number[] = []
      for (let attempt = 1; attempt < 8; attempt++) {
        const [row] = await on.parked()
        assert.deepEqual([row?.attempts, row?.dead], [attempt, false])
        waits.push(row?.wait ?? 0)
        await on.pass(61)
        await consumers.settle()
      }
      assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60])
      await on.pass(61)
      await say('ann:2')
      await consumers.settle()
      assert.deepEqual(
        (await on.parked()).map(({ attempts, dead }) => [attempts, dead]),
        [
          [8, true],
          [1, false],
        ],
      )
    })

    it('is not held up by another that is broken', async () => {
      const consumers = await consuming(
        () => Promise.reject(new Error('always')),
        react(() => 'done'),
      )
      await say('ann:1', 'ann:2')
      await consumers.settle()
      assert.deepEqual(await on.effects(), ['1', '2'])
    })

    it('moves a position only where there is one', async () => {
      await assert.rejects(
        on.batches.batch(async (work) => work.add(on.positions.moved('nobody', 7))),
        Aborted,
      )
      await on.positions.know(['quiet', 'ahead'])
      await on.batches.batch(async (work) => work.add(on.positions.moved('ahead', 9)))
      await on.positions.moveQuiet(['quiet', 'ahead', 'nobody'], [5, 5, 5])
      assert.deepEqual(Object.fromEntries(await on.positions.all()), { quiet: 5, ahead: 9 })
    })

    it('reads the journal by positions and types, and a stream by itself', async () => {
      await say('ann:1', 'bob:2', 'ann:3')
      const upTo = await on.journal.horizon()
      const all = await on.journal.read(0, upTo, ['Said'], 10)
      assert.deepEqual(all.map(wordOf), ['1', '2', '3'])
      const [first = 0, second = 0] = all.map(({ position }) => position)
      assert.deepEqual((await on.journal.read(first, upTo, ['Said'], 1)).map(wordOf), ['2'])
      assert.deepEqual((await on.journal.read(0, second, ['Said'], 9)).map(wordOf), ['1', '2'])
      assert.deepEqual(await on.journal.read(0, upTo, ['Sung'], 9), [])
      assert.deepEqual((await on.journal.readAt([upTo, first, upTo + 5], ['Said'])).map(wordOf), ['1', '3'])
      const history = await on.journal.history(streams.get('ann')?.id ?? '')
      assert.deepEqual(
        history.map((envelope) => [envelope.version, envelope.actor, wordOf(envelope)]),
        [
          [1, 'ann', '1'],
          [2, 'ann', '3'],
        ],
      )
    })
  })

  describe(`A task in ${form}`, () => {
    let on: Form
    beforeEach(async () => {
      on = await open()
    })
    afterEach(() => on.close())

    const schedule = (count: number, seconds = 0): Promise<void> =>
      on.batches.batch(async (work) => {
        const tasks = Array.from({ length: count }, (_, index) => ({
          id: randomUUID(),
          kind: 'call',
          key: `order ${index}`,
          dueAt: addSeconds(work.now, seconds),
          body: { index },
        }))
        work.add(on.records.schedule(bundled(tasks, work.now)))
      })
    const workerOf = (run: TaskHandler['run'], more: Partial<TaskHandler> = {}): TaskWorker =>
      new TaskWorker(on.tasks, [{ kind: 'call', run, ...more }], silentLog)
    const done: TaskHandler['run'] = (tasks) => Promise.resolve(tasks.map(() => 'done'))

    it('is done when it is due, once', async () => {
      await schedule(1, 60)
      assert.equal(await workerOf(done).round(), 0)
      assert.equal(await workerOf(done).quiet(), true)
      await on.pass(61)
      assert.equal(await workerOf(done).quiet(), false)
      assert.equal((await Promise.all([workerOf(done).round(), workerOf(done).round()])).sort((a, b) => a - b).join(), '0,1')
      assert.deepEqual(await on.left(), [])
    })

    it('that fails is tried later and later, and given up in the end', async () => {
      const worker = workerOf(
        oneByOne(8, () => Promise.reject(new Error('no answer'))),
        { attemptsMax: 4 },
      )
      await schedule(1)
      const seen: (readonly [number, number, boolean])[] = []
      for (let attempt = 1; attempt <= 5; attempt++) {
        await worker.round()
        const [row] = await on.left()
        assert.deepEqual([row?.leased, row?.error], [false, 'no answer'])
        seen.push([row?.attempt ?? 0, row?.wait ?? 0, row?.dead ?? false])
        await on.pass(row?.wait ?? 0)
      }
      assert.deepEqual(seen.slice(0, 4), [
        [1, 2, false],
        [2, 4, false],
        [3, 8, false],
        [4, 16, true],
      ])
      assert.equal(seen[4]?.[0], 4, 'what was given up is not tried again')
    })

    it('leaves its bundle when it fails, and goes on with those that wait as long', async () => {
      on = await open()
      const outcome = ({ key }: ClaimedTask): TaskOutcome =>
        key === 'order 7' ? new Fault(new Error('no answer')) : key < 'order 3' ? { again: 30 } : 'done'
      await schedule(20)
      assert.equal(await workerOf((tasks) => Promise.resolve(tasks.map(outcome))).round(), 20)
      assert.deepEqual(
        (await on.left()).map(({ key, attempt, wait, error }) => [key, attempt, wait, error]),
        [
          ['order 0 and 12 more', 0, 30, null],
          ['order 7', 1, 2, 'no answer'],
        ],
      )
      await on.pass(31)
      assert.equal(await workerOf(done).round(), 14)
      assert.deepEqual(await on.left(), [])
    })

    it('is taken over when its lease is over and not before, and whoever was too slow changes nothing', async () => {
      const slow = Promise.withResolvers<readonly TaskOutcome[]>()
      await schedule(2)
      const first = workerOf(() => slow.promise).round()
      while (!(await on.left())[0]?.leased);
      assert.equal(await workerOf(done).round(), 0)
      await on.pass(61)
      const other = Promise.withResolvers<readonly TaskOutcome[]>()
      const second = workerOf(() => other.promise).round()
      while ((await on.left())[0]?.attempt !== 2);
      slow.resolve([new Fault(new Error('late')), { again: 30 }])
      await first
      assert.deepEqual(
        (await on.left()).map(({ key, attempt, leased }) => [key, attempt, leased]),
        [['order 0 and 1 more', 2, true]],
      )
      other.resolve(['done', 'done'])
      await second
      assert.deepEqual(await on.left(), [])
    })

    it('stays with who says in time that he still has it, and goes to another when he does not', async () => {
      await schedule(2)
      const claim = () => on.tasks.claim([{ kind: 'call', tasksMax: 10 }])
      const held = await claim()
      await on.pass(leaseSeconds - 5)
      await on.tasks.renew(held)
      await on.pass(leaseSeconds - 5)
      assert.deepEqual(await claim(), [])
      await on.pass(10)
      assert.equal((await claim()).length, held.length)
      // It is the other's now: what the first says holds it no longer than the other does.
      await on.pass(leaseSeconds - 5)
      await on.tasks.renew(held)
      await on.pass(10)
      assert.equal((await claim()).length, held.length)
    })

    it('is claimed with no more others than are asked for', async () => {
      await schedule(70)
      assert.equal((await on.tasks.claim([{ kind: 'other', tasksMax: 9 }])).length, 0)
      assert.equal((await on.tasks.claim([{ kind: 'call', tasksMax: 10 }])).length, 1, 'a bundle is taken whole')
      assert.equal((await on.tasks.claim([{ kind: 'call', tasksMax: 10 }])).length, 1)
      assert.equal((await on.tasks.claim([])).length, 0)
    })
  })
}
