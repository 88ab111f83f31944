/** Those who work inside: pickers and packers, vans, the supplier, and the desk that takes goods back. */
import { setTimeout as wait } from 'node:timers/promises'
import { type Asking, digest } from './asking.ts'
import type { Asked, Does } from './history.ts'
import { receive, scarce, warehouses } from './market.ts'

const everyMs = 250
/** As much as a busy warehouse of this size would do, and no more than two cores can bear beside the customers. */
const atOnceMax = 8
const supplyEveryMs = 700
/** The simulated carrier takes a step every two seconds: by then many are at the door. */
const deliveredAfterMs = 12_000
const returnShare = 0.05

type Listed = Readonly<{ id: string; order?: string; orderId?: string }>

export class Warehouse {
  readonly counted = { packed: 0, returned: 0, supplied: 0 }
  readonly #asking: Asking
  readonly #chance: () => number
  readonly #going: Promise<void>[] = []
  #isOpen = true
  #supplies = 0
  #packed: Readonly<{ order: string; at: number }>[] = []

  constructor(asking: Asking, chance: () => number) {
    this.#asking = asking
    this.#chance = chance
  }

  open(): void {
    const again = async (ms: number, work: () => Promise<void>): Promise<void> => {
      while (this.#isOpen) {
        await work()
        await wait(ms)
      }
    }
    this.#going.push(
      again(everyMs, () => this.#pack()),
      again(everyMs * 2, () => this.#vans()),
      again(supplyEveryMs, () => this.#supply()),
      again(supplyEveryMs, () => this.#takeBack()),
    )
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.all(this.#going)
  }

  async #pack(): Promise<void> {
    const work = await this.#list(`/v1/fulfilment-orders?status=released&limit=${atOnceMax}`)
    await Promise.all(
      work.map(async ({ id, order, orderId }) => {
        await this.#step('pick', `/v1/fulfilment-orders/${id}/pick`, id)
        const packed = await this.#step('pack', `/v1/fulfilment-orders/${id}/pack`, id)
        const about = order ?? orderId
        if (packed !== 200 || about === undefined) return
        this.counted.packed += 1
        if (this.#chance() < returnShare) this.#packed.push({ order: about, at: performance.now() })
      }),
    )
  }

  async #vans(): Promise<void> {
    for (const [status, does, step] of [
      ['requested', 'send', 'send'],
      ['sent', 'arrive', 'receive'],
    ] as const) {
      const transfers = await this.#list(`/v1/transfers?status=${status}&limit=${atOnceMax}`)
      await Promise.all(transfers.map(({ id }) => this.#step(does, `/v1/transfers/${id}/${step}`, id)))
    }
  }

  /** A few units of what is nearly sold out: sold again at once. */
  async #supply(): Promise<void> {
    this.#supplies += 1
    const sku = scarce[this.#supplies % scarce.length] ?? 'product-3'
    const warehouse = warehouses[this.#supplies % warehouses.length] ?? 'leeds'
    const answer = await receive(this.#asking, sku, warehouse, 1 + Math.floor(this.#chance() * 5), `supply ${this.#supplies}`)
    if (answer?.status === 201) this.counted.supplied += 1
  }

  async #takeBack(): Promise<void> {
    const ripe = this.#packed.filter(({ at }) => performance.now() - at > deliveredAfterMs)
    this.#packed = this.#packed.filter((one) => !ripe.includes(one))
    for (const { order } of ripe) {
      const seen = await this.#asking.ask('GET', `/v1/orders/${order}`)
      const line = 'status' in seen ? seen.body.lines?.find(({ quantity }) => (quantity['delivered'] ?? 0) > 0) : undefined
      if (line === undefined) continue
      const announced = { orderId: order, lines: [{ id: line.id, quantity: 1 }], reason: 'wrong_size' }
      const answer = await this.#asking.settle('desk', {
        method: 'POST',
        path: '/v1/returns',
        body: announced,
        asked: { does: 'announce', key: `return ${order}`, says: digest(announced), order },
      })
      if (answer?.status !== 201 || answer.body.id === undefined) continue
      const disposition = this.#chance() < 0.7 ? 'restock' : this.#chance() < 0.5 ? 'damaged' : 'write_off'
      const back = { warehouse: 'leeds', lines: [{ id: line.id, quantity: 1, disposition }] }
      await this.#asking.settle('desk', {
        method: 'POST',
        path: `/v1/returns/${answer.body.id}/receive`,
        body: back,
        asked: { does: 'take back', key: `take back ${order}`, says: digest(back), order },
      })
      this.counted.returned += 1
    }
  }

  async #step(does: Does, path: string, id: string): Promise<number> {
    const asked: Asked = { does, key: `${does} ${id}`, says: digest({}) }
    const answer = await this.#asking.settle('warehouse', { method: 'POST', path, body: {}, asked })
    return answer?.status ?? 0
  }

  async #list(path: string): Promise<readonly Listed[]> {
    const answer = await this.#asking.ask('GET', path)
    return 'status' in answer && answer.status === 200 ? ((answer.body.data ?? []) as unknown as readonly Listed[]) : []
  }
}
