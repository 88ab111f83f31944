/**
 * The outside world of `life`, a process of its own: buyers order over HTTP; whatever comes after is done by payers,
 * pickers and the carrier through the shop's own services, each as soon as the journal says that it may. So many lives go
 * on at once, whose buyers share a few connections; when one ends, the next begins. `life.ts '{"url": …}'` prints what
 * happened as its last line.
 */
import { isRefusal } from '../../src/kernel/decider.ts'
import type { Envelope } from '../../src/kernel/event.ts'
import type { FulfilmentEventOf, TransferEvent } from '../../src/fulfilment/contract.ts'
import type { OrderEventOf } from '../../src/orders/contract.ts'
import type { PaymentEvent } from '../../src/payments/contract.ts'
import { readConfiguration } from '../../src/platform/config/config.ts'
import { newId } from '../../src/platform/ids.ts'
import { silentLog } from '../../src/platform/log.ts'
import type { ParcelEventOf } from '../../src/shipping/contract.ts'
import { openShop, type Shop } from '../../src/shop.ts'
import { LoadConnection } from './connection.ts'
import { anySku, idIn, orderRequest, someSkus, uniqueKeys } from './requests.ts'

export type LifeAsked = Readonly<{
  url: string
  key: string
  lives: number
  seconds: number
  products: number
  /** Products after those that lie in one town each; every tenth order has two of them. */
  apart: number
}>
export type Lived = Readonly<{
  placed: number
  /** Commands that the outside world gave, placements included. */
  commands: number
  /** Orders that came from two places, or whose units had to travel first. */
  travelled: number
  /** When each life ended, in seconds since the first began. */
  ended: readonly number[]
  /** Processor time of this process: the outside world, and the services it works through. */
  cpuSeconds: number
}>

const origin = { actor: 'bench' }
/** Most of a life passes without its buyer. */
const connectionsMax = 64
const everyApart = 10
const readMax = 1_000
/** As reactions look: soon while something is not final yet, else when woken, or now and then. */
const [soonMs, idleMs] = [2, 100]
/** Lives that are not over so long after the last began never will be. */
const endMaxMs = 60_000
const carried = ['picked_up', 'in_transit', 'in_transit', 'out_for_delivery', 'delivered'] as const

type News =
  | Extract<PaymentEvent, { type: 'PaymentPageReady' }>
  | Extract<TransferEvent, { type: 'TransferRequested' | 'TransferSent' }>
  | FulfilmentEventOf<'FulfilmentReleased'>
  | ParcelEventOf<'LabelCreated'>
  | OrderEventOf<'StatusChanged'>
const followed: readonly News['type'][] = [
  'PaymentPageReady',
  'TransferRequested',
  'TransferSent',
  'FulfilmentReleased',
  'LabelCreated',
  'StatusChanged',
]
const isNews = (event: Envelope['event']): event is News => followed.some((type) => type === event.type)

class Outside {
  readonly #shop: Shop
  readonly #asked: LifeAsked
  readonly #start = performance.now()
  readonly #over = new Map<string, () => void>()
  #fault: Error | undefined
  #wake: () => void = () => undefined
  #isDone = false
  placed = 0
  commands = 0
  travelled = 0
  readonly ended: number[] = []

  constructor(shop: Shop, asked: LifeAsked) {
    this.#shop = shop
    this.#asked = asked
    shop.wakeUps.on(() => this.#wake())
  }

  async run(): Promise<void> {
    const following = this.#follow()
    const keys = uniqueKeys()
    const { url, key, lives } = this.#asked
    const free = Array.from({ length: connectionsMax }, () => new LoadConnection(url, `authorization: Bearer ${key}\r\n`))
    const doors = new Doors(free)
    const slots = Array.from({ length: lives }, () => this.#live(doors, keys))
    const late = setTimeout(() => this.#fail(new Error('some lives did not end')), this.#asked.seconds * 1_000 + endMaxMs)
    await Promise.race([Promise.all(slots), following])
    clearTimeout(late)
    for (const connection of free) connection.close()
    this.#isDone = true
    this.#wake()
    await following
  }

  async #live(doors: Doors, keys: () => string): Promise<void> {
    const { seconds, products, apart } = this.#asked
    while (performance.now() - this.#start < seconds * 1_000 && this.#fault === undefined) {
      const isApart = this.placed % everyApart === 0
      this.placed += 1
      this.commands += 1
      const skus = isApart ? someSkus({ products: apart, first: products + 1 }, 2) : [anySku({ products }), anySku({ products })]
      const order = await doors.through((connection) => placed(connection, orderRequest(connection)(keys(), skus)))
      await new Promise<void>((resolve) => this.#over.set(order, resolve))
      this.ended.push((performance.now() - this.#start) / 1_000)
    }
  }

  async #follow(): Promise<void> {
    const { journal, database } = this.#shop
    const [newest] = await database.read<{ position: number | null }>('select max(position) as position from platform.journal')
    let after = newest?.position ?? 0
    while (!this.#isDone) {
      if (this.#fault !== undefined) throw this.#fault
      const horizon = await journal.horizon()
      const envelopes = await journal.read(after, horizon, followed, readMax)
      for (const envelope of envelopes) this.#take(envelope)
      after = envelopes.length < readMax ? Math.max(after, horizon) : (envelopes.at(-1)?.position ?? after)
      if (envelopes.length === 0 && !this.#isDone) await this.#sleep(journal.behind ? soonMs : idleMs)
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #take({ stream, event }: Envelope): void {
    if (isNews(event)) this.#act(stream, event).catch((fault: unknown) => this.#fail(fault))
  }

  #fail(fault: unknown): void {
    this.#fault ??= fault instanceof Error ? fault : new Error(String(fault))
    this.#wake()
  }

  async #act(stream: string, event: News): Promise<void> {
    const { payments, fulfilment } = this.#shop
    switch (event.type) {
      case 'PaymentPageReady':
        this.commands += 1
        await payments.simulated.act(event.reference, 'pay')
        return
      case 'TransferRequested':
        this.travelled += 1
        return this.#did(fulfilment.service.handleTransfer({ id: stream, command: { do: 'send' }, origin }))
      case 'TransferSent':
        return this.#did(fulfilment.service.handleTransfer({ id: stream, command: { do: 'receive' }, origin }))
      case 'FulfilmentReleased':
        return this.#pickAndPack(stream, event)
      case 'LabelCreated':
        return this.#carry(event)
      case 'StatusChanged':
        if (event.to !== 'completed') return
        this.#over.get(stream)?.()
        this.#over.delete(stream)
    }
  }

  /** Line by line, as a picker scans. */
  async #pickAndPack(id: string, { lines }: FulfilmentEventOf<'FulfilmentReleased'>): Promise<void> {
    const { service } = this.#shop.fulfilment
    for (const line of lines) await this.#did(service.handle({ id, command: { do: 'pick', lines: [line] }, origin }))
    const parcel = newId(this.#shop.now())
    await this.#did(service.handle({ id, command: { do: 'pack', parcels: [{ parcel }] }, origin }))
  }

  async #carry({ tracking }: ParcelEventOf<'LabelCreated'>): Promise<void> {
    for (const [index, status] of carried.entries()) {
      const news = { id: `${tracking}-${index}`, tracking, status, happenedAt: this.#shop.now() }
      this.commands += 1
      const outcome = await this.#shop.shipping.service.learn({ carrier: 'simulated', news, raw: news })
      if (outcome !== 'accepted') throw new Error(`the carrier's ${status} was not taken: ${outcome}`)
    }
  }

  async #did(command: Promise<unknown>): Promise<void> {
    this.commands += 1
    const outcome = await command
    if (isRefusal(outcome)) throw new Error(`refused: ${outcome.detail}`)
  }
}

/** Who finds no connection free waits for one. */
class Doors {
  readonly #free: LoadConnection[]
  readonly #waiting: ((connection: LoadConnection) => void)[] = []
  constructor(free: readonly LoadConnection[]) {
    this.#free = [...free]
  }

  async through<Value>(go: (connection: LoadConnection) => Promise<Value>): Promise<Value> {
    const connection = this.#free.pop() ?? (await new Promise<LoadConnection>((resolve) => this.#waiting.push(resolve)))
    try {
      return await go(connection)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(connection)
      else next(connection)
    }
  }
}

const placed = (connection: LoadConnection, text: string): Promise<string> =>
  new Promise((resolve, reject) =>
    connection.send(text, (answer, fault) => {
      if (answer?.status === 201) resolve(idIn(answer.body))
      else reject(fault ?? new Error(`a placement was answered with ${answer?.status}: ${answer?.body}`))
    }),
  )

const asked = JSON.parse(process.argv[2] ?? '{}') as LifeAsked
const configuration = readConfiguration(process.env)
const connection = 'problems' in configuration ? undefined : configuration.databaseUrl
if ('problems' in configuration || connection === undefined) throw new Error('life.ts needs DATABASE_URL')
const shop = await openShop({ connection, configuration, log: silentLog, environment: process.env, baseUrl: () => asked.url })
await shop.wakeUps.start()
const cpu = process.cpuUsage()
const outside = new Outside(shop, asked)
await outside.run()
const { user, system } = process.cpuUsage(cpu)
const { placed: count, commands, travelled, ended } = outside
const lived: Lived = { placed: count, commands, travelled, ended, cpuSeconds: (user + system) / 1e6 }
process.stdout.write(`${JSON.stringify(lived)}\n`)
await shop.wakeUps.stop()
await shop.close()
