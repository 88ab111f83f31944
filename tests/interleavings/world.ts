/**
 * A database with several shops on it: each is a process as far as the database and the memory of levels can tell. What
 * happens between rooms goes the way `flow.ts` says, but only when a case asks for it, so that a schedule is all there is.
 */
import { createHmac, randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Envelope } from '../../src/kernel/event.ts'
import type { Place, Sku } from '../../src/kernel/ids.ts'
import { type MicroBatch, microBatch } from '../../src/kernel/micro-batch.ts'
import type { PlacedLine } from '../../src/orders/contract.ts'
import type { PlaceAsked } from '../../src/orders/placement-service.ts'
import type { Reaction } from '../../src/platform/bus/consumers.ts'
import { envelopeColumns, envelopeOf } from '../../src/platform/bus/journal.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { silentLog } from '../../src/platform/log.ts'
import { rerunAborted } from '../../src/platform/store/work.ts'
import { openShop, type Shop } from '../../src/shop.ts'
import { site } from '../support/site.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { draft, line } from '../support/heart.ts'
import { gated } from './gate.ts'
import { Scheduler } from './schedule.ts'

export const leeds = 'LDS' as Place
export const london = 'LON' as Place
export const origin = { actor: 'test' } as const
const secret = `whsec_${Buffer.from('a secret of the interleavings').toString('base64')}`
const environment = { WAYBILL_PAYMENT_WEBHOOK_SECRET: secret, WAYBILL_DEMO: 'off' }
/** More than a case has orders; two parties of one process do not wait for each other here. */
const deliveryLimits = { itemsMax: 100, inFlightMax: 100, waitingMax: 1_000 } as const
/** Rounds of reactions and tasks: an order's longest way through the rooms is shorter. */
const roundsMax = 40
/** Quick, so that a deadlock costs a schedule no second. */
const deadlockMs = 10

/** Rooms that own the facts; who only tells of them (messages, figures, lists) takes no lock that another one wants. */
const owners = /^(orders\.(?!listing)|payments\.|fulfilment\.|inventory\.|shipping\.|returns\.)/

/** News that a room could not handle, of this stream. */
export type Unheard = Readonly<{ owner: string; told: string }>

export class World {
  readonly shops: readonly [Shop, Shop, Shop]
  readonly scheduler: Scheduler
  readonly #test: TestDatabase
  /** Beside the shops: what it asks is no party's statement. */
  readonly #beside: pg.Pool
  /** Positions that each reaction has passed, and those beyond it that a party has handled. */
  readonly #passed = new Map<string, number>()
  readonly #handled = new Map<string, Set<number>>()
  readonly #deliveries = new Map<string, MicroBatch<readonly string[], number>>()
  #names = 0

  private constructor(test: TestDatabase, shops: World['shops'], scheduler: Scheduler) {
    this.#test = test
    this.shops = shops
    this.scheduler = scheduler
    this.#beside = new pg.Pool({ ...test.config, max: 2 })
    this.#beside.on('error', () => undefined)
  }

  static async open(): Promise<World> {
    const test = await testDatabase()
    const configuration = readConfiguration(environment)
    if ('problems' in configuration) throw new Error(configuration.problems.join('\n'))
    const shop = (): Promise<Shop> =>
      openShop({
        connection: gated(test.config),
        configuration,
        log: silentLog,
        environment,
        baseUrl: () => 'http://shop.example',
      })
    const first = await shop()
    await first.warehouses.save([site(leeds, 'LS1', 53.8, -1.55), site(london, 'EC1', 51.5, -0.12)])
    await first.database.read(`alter database ${test.config.database} set deadlock_timeout = '${deadlockMs}ms'`)
    // Later connections have the setting; the first shop's are made anew.
    await first.close()
    const shops = [await shop(), await shop(), await shop()] as const
    const world = new World(test, shops, await Scheduler.open(test.config))
    await world.settle()
    return world
  }

  async close(): Promise<void> {
    for (const shop of this.shops) await shop.close()
    await this.scheduler.close()
    await this.#beside.end()
    await this.#test.drop()
  }

  /** A shop by the number of its process. */
  shop(process: number): Shop {
    return this.shops[process] ?? this.shops[0]
  }

  /** A name that nothing had before. */
  fresh(what: string): string {
    this.#names += 1
    return `${what}-${this.#names}`
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#beside.query<Row>(text, [...values])).rows
  }

  /** Received in the last process: what others remember of these products they go on remembering. */
  async stock(levels: readonly Readonly<{ sku: string; place?: Place; quantity: number }>[]): Promise<void> {
    await Promise.all(
      levels.map(({ sku, place = leeds, quantity }) =>
        this.shops[2].inventory.handle({ command: { do: 'receive', sku: sku as Sku, place, quantity }, origin }),
      ),
    )
  }

  /** Each of the shops has seen these products' levels. */
  async learn(skus: readonly string[]): Promise<void> {
    for (const { inventory } of this.shops) await inventory.learn(skus as readonly Sku[])
  }

  /** What the reaction would be handed of these orders now, and has not seen. */
  async #news({ name, on, key = ({ stream }) => stream }: Reaction, orders: readonly string[]): Promise<readonly Envelope[]> {
    const handled = this.#handled.get(name)
    const about = `and (stream = any($2::uuid[]) or body->>'order' = any($2::text[]))`
    const all = await this.#since(this.#passed.get(name) ?? 0, about, orders)
    return all.filter(
      (envelope) => on.includes(envelope.event.type) && orders.includes(key(envelope)) && handled?.has(envelope.position) !== true,
    )
  }

  async #since(position: number, which = '', ...values: readonly unknown[]): Promise<readonly Envelope[]> {
    const rows = await this.rows<Parameters<typeof envelopeOf>[0]>(
      `select ${envelopeColumns} from platform.journal where position > $1 ${which} order by position`,
      [position, ...values],
    )
    return rows.map((row) => envelopeOf(row))
  }

  /**
   * Carries news of an order to one reaction, in a process: a party's statement by statement. What is asked in one turn is one
   * batch, as the reaction's own loop takes it. @returns how many events.
   */
  deliver(process: number, name: string, orders: readonly string[]): Promise<number> {
    const key = `${process} ${name}`
    const known = this.#deliveries.get(key)
    const together = known ?? microBatch(key, (asked) => this.#carry(process, name, asked), deliveryLimits)
    if (known === undefined) this.#deliveries.set(key, together)
    return together(orders)
  }

  async #carry(process: number, name: string, asked: readonly (readonly string[])[]): Promise<readonly number[]> {
    const orders = [...new Set(asked.flat())]
    const shop = this.shop(process)
    const reaction = shop.reactions.find((one) => one.name === name)
    if (reaction === undefined) throw new Error(`there is no reaction ${name}`)
    const handled = this.#handled.get(name) ?? new Set()
    this.#handled.set(name, handled)
    // Taken, as the reaction's position would be: another party's delivery, which may have read the same, finds only what is newer.
    const news = (await this.#news(reaction, orders)).filter(({ position }) => !handled.has(position))
    for (const { position } of news) handled.add(position)
    if (news.length > 0) await rerunAborted(() => shop.database.batch((work) => reaction.react(work, news)))
    return asked.map(() => news.length)
  }

  /**
   * Lets every room hear everything, and does what is due, until nothing is left: nobody is scheduled meanwhile.
   * @returns news that a room could not handle
   */
  async settle(): Promise<readonly Unheard[]> {
    const reactions = this.shops[0].reactions.filter(({ name }) => owners.test(name))
    const unheard: Unheard[] = []
    for (let round = 0; round < roundsMax; round++) {
      let worked = false
      const all = await this.#since(Math.min(...reactions.map(({ name }) => this.#passed.get(name) ?? 0)))
      for (const reaction of reactions) worked = (await this.#react(reaction, all, unheard)) || worked
      worked = (await this.shops[0].tasks.round()) > 0 || worked
      if (!worked) return unheard
    }
    throw new Error('it does not settle')
  }

  /** @param all everything that happened, from before what this reaction has passed. */
  async #react(reaction: Reaction, all: readonly Envelope[], unheard: Unheard[]): Promise<boolean> {
    const { name, on, key = ({ stream }) => stream } = reaction
    const handled = this.#handled.get(name)
    const passed = this.#passed.get(name) ?? 0
    const isNews = ({ position, event }: Envelope): boolean =>
      position > passed && on.includes(event.type) && handled?.has(position) !== true
    const news = all.filter(isNews)
    this.#passed.set(name, all.at(-1)?.position ?? passed)
    this.#handled.delete(name)
    if (news.length === 0) return false
    if ((await this.#told(reaction, news)) === undefined) return true
    // What spoils a batch is found by itself, as the shop does it.
    for (const envelope of news) {
      const why = await this.#told(reaction, [envelope])
      if (why !== undefined) unheard.push({ owner: key(envelope), told: `${name} of ${envelope.event.type}: ${why}` })
    }
    return true
  }

  /** @returns why it could not be handled. */
  async #told({ react }: Reaction, news: readonly Envelope[]): Promise<string | undefined> {
    try {
      const answers = await rerunAborted(() => this.shops[0].database.batch((work) => react(work, news)))
      const late = answers.find((answer) => answer !== 'done')
      return late === undefined ? undefined : JSON.stringify(late)
    } catch (fault) {
      return String(fault)
    }
  }

  /** A provider's news as it comes over HTTP, signed. */
  async tell(process: number, type: string, data: Readonly<Record<string, unknown>>, id: string = randomUUID()) {
    const body = Buffer.from(JSON.stringify({ type, data }))
    const at = String(Math.floor(Date.now() / 1000))
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    const signature = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64')
    const headers = { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` }
    return this.shop(process).payments.service.webhook('simulated', body, headers)
  }

  /** Says that all was heard, as far as it was: `waybill verify` compares rooms only where nothing is on its way. */
  async mark(): Promise<void> {
    await this.settle()
    await this.rows(
      `insert into platform.consumers (name, position) select name, (select coalesce(max(position), 0) from platform.journal) from unnest($1::text[]) as n (name)
        on conflict (name) do update set position = excluded.position`,
      [this.shops[0].reactions.map(({ name }) => name)],
    )
  }
}

export const units = (sku: string, quantity: number, more: Partial<PlacedLine> = {}): PlacedLine => line(sku, quantity, more)
/** An order for these lines as a door would ask for it; by default nothing is to be paid for it here. */
export const ordering = (
  lines: readonly PlacedLine[],
  { key, reservedSeconds, ...more }: Partial<PlaceAsked['draft']> & Pick<PlaceAsked, 'key' | 'reservedSeconds'> = {},
): PlaceAsked => ({
  draft: draft(lines, { terms: 'outside', ...more }),
  origin,
  ...(key === undefined ? {} : { key }),
  ...(reservedSeconds === undefined ? {} : { reservedSeconds }),
})
export const keyed = (key: string, hash = 'body'): NonNullable<PlaceAsked['key']> => ({ scope: 'test', key, hash })
