/** What carries everything else: the journal and its readers, reactions, tasks; and what changes hands once. */
import { randomUUID } from 'node:crypto'
import { isRefusal } from '../../../src/kernel/decider.ts'
import type { Fact } from '../../../src/kernel/event.ts'
import type { Instant } from '../../../src/kernel/ids.ts'
import { Reaper } from '../../../src/orders/expiry-service.ts'
import type { OrderRepository } from '../../../src/orders/store.ts'
import { Consumers, type Reaction } from '../../../src/platform/bus/consumers.ts'
import { JournalReader } from '../../../src/platform/bus/journal.ts'
import { PostgresPositions } from '../../../src/platform/bus/positions.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { SqlWrite } from '../../../src/platform/store/work.ts'
import type { ClaimedTask } from '../../../src/platform/tasks/handler.ts'
import { PostgresTaskRows } from '../../../src/platform/tasks/rows.ts'
import { TaskWorker } from '../../../src/platform/tasks/worker.ts'
import type { Shop } from '../../../src/shop.ts'
import { wrong } from '../answers.ts'
import { raced, threw } from '../items.ts'
import { pay } from '../operations.ts'
import type { Case, Pair } from '../pair.ts'
import { origin, type World } from '../world.ts'

const now = (): Instant => new Date().toISOString() as Instant
const effectsTable = 'create table if not exists raced_effects (about text not null, word text not null)'
const effect = (about: string, words: readonly string[]): SqlWrite => ({
  name: 'raced_effects',
  sql: 'insert into raced_effects (about, word) select * from unnest($1::text[], $2::text[])',
  types: ['text', 'text'],
  columns: [words.map(() => about), words],
})
const effectsOf = async (world: World, about: string): Promise<readonly string[]> =>
  (await world.rows<{ word: string }>('select word from raced_effects where about = $1', [about])).map(({ word }) => word)

const say = (shop: Shop, type: string, words: readonly string[]): Promise<void> =>
  shop.database.batch(async (work) => {
    const facts: readonly Fact[] = words.map((word) => ({ type, word }))
    work.add(shop.records.append([{ stream: randomUUID(), firstVersion: 1, facts, origin, at: now() }]))
  })

/** Two processes carry the same events to the same reaction. */
const oneReaction: Pair = {
  name: 'one reaction/one reaction',
  prepare: async (world, count) => {
    await world.rows(effectsTable)
    return Promise.all(Array.from({ length: count }, () => reactionCase(world, world.fresh('reaction'))))
  },
}
const reactionCase = async (world: World, name: string): Promise<Case> => {
  const words = ['one', 'two', 'three']
  await say(world.shop(0), name, words)
  await new PostgresPositions(world.shop(0).database).know([name])
  const reaction: Reaction = {
    name,
    on: [name],
    react: (work, envelopes) => {
      work.add(
        effect(
          name,
          envelopes.map(({ event }) => ('word' in event ? String(event.word) : '')),
        ),
      )
      return Promise.resolve(envelopes.map(() => 'done' as const))
    },
  }
  const follow = (process: number) => (): Promise<void> => {
    const { database } = world.shop(process)
    return new Consumers(new PostgresPositions(database), new JournalReader(database), [reaction], silentLog).settle()
  }
  return {
    parties: [follow(0), follow(1)],
    judge: async (ended) => {
      const effects = await effectsOf(world, name)
      return [...threw(ended), ...wrong('I9', effects.join() === words.join(), { effects })]
    },
  }
}

/** Two writers whose positions may be committed in either order, and somebody who reads meanwhile. */
const outOfOrder: Pair = {
  name: 'write/write/read the journal',
  prepare: (world, count) => Promise.resolve(Array.from({ length: count }, () => journalCase(world, world.fresh('journal')))),
}
/** Looks of the reader while the writers write: before, between and after their commits. */
const looks = 3
const journalCase = (world: World, type: string): Case => {
  const reader = new JournalReader(world.shop(2).database)
  const seen: number[] = []
  const look = async (): Promise<void> => {
    const found = await reader.read(seen.at(-1) ?? 0, await reader.horizon(), [type], 100)
    seen.push(...found.map(({ position }) => position))
  }
  return {
    parties: [
      () => say(world.shop(0), type, ['a', 'b']),
      () => say(world.shop(1), type, ['c', 'd']),
      async () => {
        for (let index = 0; index < looks; index++) await look()
      },
    ],
    judge: async (ended) => {
      do await look()
      while (reader.behind)
      const rows = await world.rows<{ position: number }>(
        'select position from platform.journal where type = $1 order by position',
        [type],
      )
      const all = rows.map(({ position }) => position)
      return [...threw(ended), ...wrong('I9', all.length === 4 && seen.join() === all.join(), { seen, all })]
    },
  }
}

/** Two workers look for what is due. `together`: the tasks travel as one row. */
const oneTask = (name: string, tasks: number): Pair => ({
  name,
  prepare: (world, count) => Promise.all(Array.from({ length: count }, () => taskCase(world, world.fresh('task'), tasks))),
})
const taskCase = async (world: World, kind: string, tasks: number): Promise<Case> => {
  const due = Array.from({ length: tasks }, (_, index) => ({ id: randomUUID(), kind, key: `${index}`, dueAt: now(), body: {} }))
  await world.shop(0).database.batch(async (work) => work.add(world.shop(0).records.schedule(due)))
  const done: string[] = []
  const run = (claimed: readonly ClaimedTask[]): Promise<readonly 'done'[]> => {
    done.push(...claimed.map(({ id }) => id))
    return Promise.resolve(claimed.map(() => 'done' as const))
  }
  const worker = (process: number) => (): Promise<number> =>
    new TaskWorker(new PostgresTaskRows(world.shop(process).database), [{ kind, run }], silentLog).round()
  return {
    parties: [worker(0), worker(1)],
    judge: async (ended) => {
      const left = await world.rows('select 1 from platform.tasks where kind = $1', [kind])
      const once = done.length === tasks && new Set(done).size === tasks
      return [...threw(ended), ...wrong('I9', once && left.length === 0, { done, left: left.length })]
    },
  }
}

/** Two versions of one policy go live, or a version twice: one of them is live afterwards. */
const goLive = (name: string, versions: readonly [number, number]): Pair => ({
  name,
  prepare: async (world, count) => {
    const cases: Case[] = []
    for (let index = 0; index < count; index++) cases.push(await policyCase(world, world.fresh('policy'), versions))
    return cases
  },
  few: true,
})
const policyCase = async (world: World, name: string, versions: readonly [number, number]): Promise<Case> => {
  const policies = (process: number) => world.shop(process).sourcing.policies
  const by = 'owner:ada'
  // It is for orders that nobody places here.
  const body = { name, priority: 900, weights: { money: 1 }, when: { shippingMethods: ['by_balloon'] } }
  for (const weight of [1, 2]) {
    const outcome = await policies(0).handle({ do: 'draft', name, body: { ...body, weights: { money: weight } }, by }, origin)
    if (isRefusal(outcome)) throw new Error(outcome.detail)
  }
  return {
    parties: versions.map(
      (version, process) => () => policies(process).handle({ do: 'move', name, version, to: 'live', by }, origin),
    ),
    judge: async (ended) => {
      const history = (await policies(0).read()).find((one) => one.name === name)
      const live = history?.versions.filter(({ stage }) => stage === 'live').map(({ version }) => version) ?? []
      return [...threw(ended), ...wrong('I8', live.length === 1, { live })]
    },
  }
}

/** A reaper that sees its case's orders only. */
const reap = async (world: World, process: number, { order }: Readonly<{ order: string }>): Promise<number> => {
  const { orders, database } = world.shop(process)
  const due: Pick<OrderRepository, 'toExpire'> = {
    toExpire: async () =>
      (await database.read<{ id: never }>('select id from orders.orders where id = $1 and expires_at <= now()', [order])).map(
        ({ id }) => id,
      ),
  }
  return new Reaper(orders, due as OrderRepository, silentLog).round()
}
const unpaid = { stock: 1, order: { quantity: 1, prepaid: true, reservedSeconds: 0 } } as const

export const platformPairs: readonly Pair[] = [
  oneReaction,
  outOfOrder,
  oneTask('one task/one task', 1),
  oneTask('three tasks/three tasks', 3),
  raced('reap/reap', {
    setting: unpaid,
    parties: [reap, reap],
    invariant: 'I11',
    lawful: ({ order, free }) => free === 1 && order?.progress.phase === 'expired',
  }),
  raced('reap/pay', {
    setting: unpaid,
    parties: [reap, pay],
    invariant: 'I11',
    lawful: ({ order, free }) => free === 0 && order?.progress.phase === 'open' && order.progress.secured,
  }),
  goLive('go live/go live', [1, 2]),
  goLive('go live/go live, one version', [2, 2]),
]
