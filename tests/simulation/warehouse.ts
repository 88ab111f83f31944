/** Staff of both warehouses, and customers who are asked: they do what is to be done next, sometimes with less than was planned. */
import { isLive, type Live as WorkLive } from '../../src/fulfilment/work.ts'
import { actions } from '../../src/fulfilment/fulfilment-order.ts'
import { isRequested, transferActions } from '../../src/fulfilment/transfer.ts'
import type { OrderId } from '../../src/kernel/ids.ts'
import { newId } from '../../src/platform/ids.ts'
import { Random } from './random.ts'
import { rowsOf } from './stores.ts'
import type { World } from './world.ts'

const everyMs = { least: 60, most: 400 } as const

export class Staff {
  readonly #world: World
  readonly #random: Random
  readonly #busy = new Set<string>()
  #isOver = false

  constructor(world: World) {
    this.#world = world
    this.#random = new Random(world.seed, 'staff')
  }

  start(): void {
    this.#later()
  }

  stop(): void {
    this.#isOver = true
  }

  #later(): void {
    this.#world.scheduler.after(this.#random.between(everyMs.least, everyMs.most), () => {
      if (this.#isOver) return
      this.#later()
      this.#look()
    })
  }

  /** One thing of all that could be done now. */
  #look(): void {
    const { fulfilment, orders } = this.#world.server.stores
    const work = [...rowsOf(fulfilment.fulfilments)].flatMap(([id, { state }]) => {
      if (this.#busy.has(id) || !isLive(state) || this.#isGone(id, state)) return []
      return actions(state).map((action) => ({ id, run: () => this.#workOn(id, action, state.lines) }))
    })
    const transfers = [...rowsOf(fulfilment.transfers)].flatMap(([id, { state }]) => {
      if (this.#busy.has(id) || !isRequested(state)) return []
      return transferActions(state).map((action) => ({ id, run: () => this.#transfer(id, action) }))
    })
    const choices = [...orders.rows].flatMap(([id, { state }]) => {
      if (this.#busy.has(id) || state.status !== 'live' || state.progress.choice === undefined) return []
      return state.progress.phase === 'open' ? [{ id, run: () => this.#choose(id) }] : []
    })
    const all = [...work, ...transfers, ...choices]
    if (all.length === 0) return
    const { id, run } = this.#random.pick(all)
    this.#busy.add(id)
    run().then(
      () => this.#busy.delete(id),
      // Nobody knows whether it was done: staff look again.
      () => this.#busy.delete(id),
    )
  }

  /** What the driver has cannot be opened or put back, whatever is asked of the warehouse. */
  #isGone(id: string, { parcels }: WorkLive): boolean {
    const known = new Set(parcels.map(({ parcel }) => parcel))
    return this.#world.carrier.hasOf(id).some((parcel) => !known.has(parcel))
  }

  async #workOn(
    id: string,
    action: ReturnType<typeof actions>[number],
    lines: readonly Readonly<{ line: number; quantity: number; picked: number }>[],
  ): Promise<void> {
    const origin = { actor: 'staff' }
    const { trace, server } = this.#world
    const ask = (
      what: string,
      command: Parameters<World['rooms'][number]['fulfilment']['handle']>[0]['command'],
    ): Promise<unknown> => {
      trace.add('staff', `${what} ${id}`)
      return this.#world.request(what, ({ fulfilment }) => fulfilment.handle({ id, command, origin }))
    }
    switch (action) {
      case 'pick':
        await ask('pick', { do: 'pick' })
        return
      case 'short': {
        const open = lines.filter(({ quantity, picked }) => quantity > picked)
        if (!this.#random.happens(0.12) || open.length === 0) return
        const { line } = this.#random.pick(open)
        await ask('report short', { do: 'short', lines: [{ line, quantity: 1 }], by: 'staff' })
        return
      }
      case 'pack':
        await ask('pack', { do: 'pack', parcels: [{ parcel: newId(server.now()) }] })
        return
      case 'put_back':
        await ask('put back', { do: 'putBack' })
    }
  }

  async #transfer(id: string, action: ReturnType<typeof transferActions>[number]): Promise<void> {
    const origin = { actor: 'staff' }
    const { trace } = this.#world
    if (action === 'decline' && !this.#random.happens(0.15)) return
    trace.add('staff', `${action} transfer ${id}`)
    const state = rowsOf(this.#world.server.stores.fulfilment.transfers).get(id)?.state
    const [first] = state !== undefined && isRequested(state) ? state.lines : []
    const goesWrong = action === 'receive' && first !== undefined && this.#random.happens(0.2)
    const what = this.#random.pick(['damaged', 'missing'] as const)
    const left = first === undefined ? 0 : first.quantity - first.received - first.damaged - first.missing
    const command =
      goesWrong && left > 0 ? { do: 'receive' as const, lines: [], [what]: [{ line: first.line, quantity: 1 }] } : { do: action }
    await this.#world.request(action, ({ fulfilment }) => fulfilment.handleTransfer({ id, command, origin }))
  }

  async #choose(id: OrderId): Promise<void> {
    const choice = this.#random.pick(['wait', 'cancel', 'cancel', 'split'] as const)
    this.#world.trace.add('customer', `chooses ${choice} for ${id}`)
    await this.#world.request('choose', ({ orders }) =>
      orders.handle({ id, command: { do: 'choose', choice, by: 'customer' }, origin: { actor: 'customer' } }),
    )
  }
}
