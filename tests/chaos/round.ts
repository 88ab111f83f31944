/** One run of chaos: a fresh shop, customers and the nemesis, healing, and the judgement of what is left. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { Snapshot as Verification } from '../../src/cli/verify-store.ts'
import { verifyShop } from '../../src/cli/verify.ts'
import { chance as chanceOf } from '../../src/payments/adapters/simulated-knobs.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { silentLog } from '../../src/platform/log.ts'
import { onStop } from '../../src/platform/process.ts'
import { openShop, type Shop } from '../../src/shop.ts'
import { crowded } from '../support/crowd.ts'
import { Asking, digest } from './asking.ts'
import { checkers } from './checkers/all.ts'
import type { Found } from './checkers/checker.ts'
import { type Evidence, type Final, readFinal, type StuckRow } from './evidence.ts'
import { Ground } from './ground.ts'
import { History } from './history.ts'
import { layIn } from './market.ts'
import { type Faults, Nemesis, type Phase, phases } from './nemesis.ts'
import { Readers, snapshot } from './readers.ts'
import { Shoppers } from './shoppers.ts'
import { Supervisor } from './supervisor.ts'
import { Warehouse } from './warehouse.ts'

export type Plan = Readonly<{
  seed: number
  faults: Faults
  /** Customers come until so many orders are acknowledged, faults or none, … */
  ordersMin: number
  /** … but no longer than this after the first came, unless the faults take longer. */
  comingMaxMs: number
  perSecond: number
  say: (line: string) => void
}>
export type Round = Readonly<{
  counts: Readonly<Record<string, number>>
  found: readonly Found[]
  history: string
  evidence: Evidence
}>

/** Short, so that reservations run out in the middle of it all. */
const ttlSeconds = 20
const readersCount = 2
/** PROMISES I7: what takes longer after healing must be in the stuck list. The lease of what a killed process had in hand is shorter. */
const drainMaxMs = 30_000
const askAgainAtOnce = 48

export const runRound = async (plan: Plan): Promise<Round> => {
  const { seed, say } = plan
  const folder = join(tmpdir(), 'waybill-chaos-histories')
  mkdirSync(folder, { recursive: true })
  const history = new History(join(folder, `seed-${seed}-${Date.now()}.jsonl`))
  const chance = chanceOf(seed)
  const endings: string[] = []
  const ownerKey = `owner-${randomBytes(12).toString('hex')}`
  const ground = await Ground.open()
  const supervisor = new Supervisor({
    ownerKey,
    form: { connection: ground.connection },
    environment: {
      WAYBILL_RESERVATION_TTL: String(ttlSeconds),
      WAYBILL_SIMULATED_CARRIER: 'auto',
      WAYBILL_SIMULATED_PAYMENT: knobs(seed),
    },
    log: `${history.path}.log`,
    onEnd: (how) => {
      endings.push(`${how}: ${supervisor.said}`)
      void supervisor.start().catch((fault: unknown) => endings.push(String(fault)))
    },
  })
  const leave = async (): Promise<void> => {
    await supervisor.end('SIGKILL')
    await ground.close()
  }
  // A run that is broken off leaves no process and no mount behind either.
  const unwatch = onStop(leave)
  const asking = new Asking(history, { url: () => supervisor.url, ownerKey, chance })
  try {
    await supervisor.start()
    await layIn(asking)
    const shoppers = new Shoppers({ asking, chance, perSecond: plan.perSecond, ttlSeconds })
    const warehouse = new Warehouse(asking, chanceOf(seed + 1))
    const readers = new Readers(history, ground.connection)
    const nemesis = new Nemesis({ ground, supervisor, history, chance: chanceOf(seed + 2) })
    const shopping = shoppers.open()
    warehouse.open()
    readers.open(readersCount)
    const begun = performance.now()
    for (const phase of drawn(plan.faults, chanceOf(seed + 3))) {
      await nemesis.strike(phase)
      say(
        `${((performance.now() - begun) / 1000).toFixed(0)} s: ${phase}; ${shoppers.acknowledged.size} acknowledged of ${shoppers.counted.due} due, ${shoppers.counted.left} turned away`,
      )
    }
    const end = begun + plan.comingMaxMs
    while (shoppers.acknowledged.size < plan.ordersMin && performance.now() < end) await wait(200)
    await Promise.all([shoppers.close(), shopping, warehouse.close()])
    say(`healed; ${shoppers.acknowledged.size} acknowledged`)
    await askAgain(asking, shoppers.orders)
    const final = await conclude({ ground, supervisor, asking, history, readers })
    const evidence: Evidence = { entries: history.entries, final: { ...final, endings } }
    const found = Object.entries(checkers).flatMap(([name, check]) =>
      check(evidence).map((one) => ({ ...one, told: `${name}: ${one.told}` })),
    )
    return { counts: countsOf({ shoppers, warehouse, nemesis, supervisor, evidence }), found, history: history.path, evidence }
  } finally {
    asking.close()
    await leave()
    unwatch()
    history.close()
  }
}

/** The provider sends everything twice, some of it late, and one call in twenty is not answered. */
const knobs = (seed: number): string =>
  JSON.stringify({ duplicate: 1, timeoutShare: 0.05, lostShare: 0.05, lateFailure: true, seed })

/** In an order of the seed's own. */
const drawn = (faults: Faults, chance: () => number): readonly Phase[] =>
  phases
    .flatMap((phase) => Array.from({ length: faults[phase] }, () => ({ phase, rank: chance() })))
    .sort((one, other) => one.rank - other.rank)
    .map(({ phase }) => phase)

const askAgain = (asking: Asking, orders: ReadonlyMap<string, unknown>): Promise<void> =>
  crowded([...orders], askAgainAtOnce, async ([key, body]) => {
    await asking.settle('afterwards', {
      method: 'POST',
      path: '/v1/orders',
      body,
      asked: { does: 'ask again', key, says: digest(body) },
    })
  })

type World = Readonly<{ ground: Ground; supervisor: Supervisor; asking: Asking; history: History; readers: Readers }>

/** Waits until nothing moves any more, reads all there is, and stops. */
const conclude = async ({ ground, supervisor, asking, history, readers }: World): Promise<Omit<Final, 'endings'>> => {
  const shop = await openedShop(ground)
  try {
    await hurry(shop)
    const behind = await drained(shop)
    const stuck = await stuckList(asking)
    await readers.close()
    await supervisor.end('SIGTERM')
    const client = new pg.Client(ground.connection)
    await client.connect()
    await snapshot(client, 'afterwards', history)
    await client.end()
    const { differences } = await verifyShop(shop)
    return {
      ...(await readFinal(ground.connection)),
      stuck,
      behind,
      verified: differences.map(({ what, detail }) => `${what}: ${detail}`),
    }
  } finally {
    await shop.close()
  }
}

const openedShop = async ({ connection, folder }: Ground): Promise<Shop> => {
  const configuration = readConfiguration({ WAYBILL_DATA: folder })
  if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
  return openShop({ connection, configuration, log: silentLog, environment: {}, baseUrl: () => 'http://127.0.0.1' })
}

/**
 * A page on which somebody paid while its news was lost is asked about again, later and later, up to an hour after: we do not
 * sit that out. Nothing else is moved, and what follows from the answer goes its own way.
 */
const hurry = async (shop: Shop): Promise<void> => {
  const client = await shop.database.client()
  await client.query(`update platform.tasks set due_at = now() where kind like 'payments.reconcile%' and not dead`)
  await client.end()
}

/** Quiet for so many looks in a row: between a reaction and the task it makes there is a moment in which nothing is seen to be left. */
const quietLooks = 4
const lookEveryMs = 250

const drained = async (shop: Shop): Promise<Final['behind']> => {
  const end = performance.now() + drainMaxMs
  for (let quiet = 0; ; ) {
    const behind = await stillBehind(shop)
    quiet = behind.events === 0 && behind.tasks === 0 ? quiet + 1 : 0
    if (quiet >= quietLooks || performance.now() > end) return behind
    await wait(lookEveryMs)
  }
}

/** Those that only look again after a while, or tell how a parcel travels, are never done: they are nobody's debt. */
const travelling = ['payments.reconcile', 'payments.captureRest', 'shipping.simulated']
const dueTasks = `select count(*)::int as n from platform.tasks
  where not dead and (due_at < now() + interval '1 second' or attempt > 0) and not exists (select 1 from unnest($1::text[]) k where kind like k || '%')`

const stillBehind = async (shop: Shop): Promise<Final['behind']> => {
  const client = await shop.database.client()
  try {
    const pending = await new Verification(client).pendingOrders(shop.reactions)
    const { rows } = await client.query<{ n: number }>(dueTasks, [travelling])
    return { events: pending?.size ?? Infinity, tasks: rows[0]?.n ?? 0 }
  } finally {
    await client.end()
  }
}

const stuckList = async (asking: Asking): Promise<readonly StuckRow[]> => {
  const rows: StuckRow[] = []
  let after = ''
  for (;;) {
    const answer = await asking.ask('GET', `/v1/stuck?olderThanSeconds=0&limit=200${after}`)
    if (!('status' in answer) || answer.status !== 200) throw new Error(`no stuck list: ${JSON.stringify(answer)}`)
    rows.push(...((answer.body.data ?? []) as unknown as readonly StuckRow[]))
    const next = (answer.body as { page?: { next: string | null } }).page?.next ?? null
    if (next === null) return rows
    after = `&after=${encodeURIComponent(next)}`
  }
}

type Counters = Readonly<{ shoppers: Shoppers; warehouse: Warehouse; nemesis: Nemesis; supervisor: Supervisor; evidence: Evidence }>

const countsOf = ({ shoppers, warehouse, nemesis, supervisor, evidence: { entries, final } }: Counters): Record<string, number> => {
  const of = (kind: string): number => entries.filter((entry) => entry.kind === kind).length
  const phase = (name: string): number => final.orders.filter((order) => order.phase === name).length
  return {
    'orders acknowledged': shoppers.acknowledged.size,
    'orders due': shoppers.counted.due,
    'customers turned away at the bound': shoppers.counted.left,
    'left without an answer': shoppers.counted.unsettled,
    'operations begun': of('invoke'),
    'operations without an answer': of('info'),
    'whole-state reads': of('snapshot'),
    'events written': final.events.length,
    'orders completed': phase('completed'),
    'orders cancelled': phase('cancelled'),
    'orders expired': phase('expired'),
    'orders packed': warehouse.counted.packed,
    'orders returned': warehouse.counted.returned,
    'captures at the provider': final.sessions.reduce((sum, { captures }) => sum + captures.length, 0),
    'refunds at the provider': final.sessions.reduce((sum, { refunds }) => sum + refunds.length, 0),
    ...nemesis.counted,
    'slowest start, ms': Math.round(Math.max(...supervisor.startsMs)),
  }
}
