/** What shipping asks of carriers, outside any transaction: labels, cancellations, and the simulated carrier's own life. */
import { isRefusal } from '../kernel/decider.ts'
import type { Instant, OrderId } from '../kernel/ids.ts'
import { addSeconds, instant, milliseconds } from '../kernel/time.ts'
import { newId } from '../platform/ids.ts'
import type { Records } from '../platform/records/records.ts'
import type { Effects } from '../platform/streams/service.ts'
import { oneByOne, type TaskHandler } from '../platform/tasks/handler.ts'
import { simulatedName, storyOf } from './adapters/simulated.ts'
import type { Carrier } from './carrier.ts'
import type { ParcelEvent } from './contract.ts'
import { isAnnounced, isBlocked, type LiveParcel, othersOf, type Parcel } from './parcel.ts'
import { cancelTask, labelTask, type ShippingService } from './service.ts'

/** A name and an address as they are printed; a read port that `main.ts` hands over. */
export type Recipient = (order: OrderId) => Promise<readonly string[]>

const playTask = 'shipping.simulated'
/** Parcels a carrier is asked about at once, and claimed: what they read and bring back shares statements, and none waits out its lease. */
const askedAtOnceMax = 64
/** A parcel that is blocked is looked at again after this long. */
const blockedSeconds = 2

const parcelIdOf = (body: Readonly<Record<string, unknown>>): string => {
  const { parcel } = body
  if (typeof parcel !== 'string') throw new Error('a task names no parcel')
  return parcel
}

const read = async (service: ShippingService, id: string): Promise<LiveParcel | undefined> => {
  const state = (await service.stores.parcels.get([id])).get(id)?.state
  return state !== undefined && isAnnounced(state) ? state : undefined
}

const carrierOf = (service: ShippingService, parcel: LiveParcel): Carrier => {
  const carrier = service.carrier(parcel.carrier)
  if (carrier === undefined) throw new Error(`there is no carrier ${parcel.carrier}`)
  return carrier
}

/** Whether other orders' parts still go in that parcel; `unknown`: one was packed, and its announcement is on its way. */
const partsLeft = async (service: ShippingService, id: string, parcel: LiveParcel): Promise<'none' | 'some' | 'unknown'> => {
  const others = othersOf(id, parcel)
  if (others.length === 0) return 'none'
  const found = [...(await service.stores.parcels.get(others)).values()].flatMap(({ state }) => (isAnnounced(state) ? [state] : []))
  if (found.some(({ status }) => status !== 'cancelled')) return 'some'
  return found.length < others.length ? 'unknown' : 'none'
}

/** Announces a parcel to its carrier and brings back its label. The parcel's id is the carrier's key: asked twice, one shipment. */
export const labelHandler = (service: ShippingService, recipient: Recipient): TaskHandler => ({
  kind: labelTask,
  tasksMax: askedAtOnceMax,
  run: oneByOne(askedAtOnceMax, async ({ body }) => {
    const id = parcelIdOf(body)
    const parcel = await read(service, id)
    if (parcel === undefined || parcel.label !== undefined || parcel.status === 'cancelled' || isBlocked(parcel)) return 'done'
    const { service: method, weightGrams, place: from, country, postalCode, order, number } = parcel
    const carrier = carrierOf(service, parcel)
    // Parts of one parcel are asked for by its own id: the carrier sees one parcel, and is paid for one.
    const { shared } = parcel
    const whole = { parcel: shared?.id ?? id, weightGrams: shared?.weightGrams ?? weightGrams }
    const asked = { ...whole, order, number, service: method, from, country, postalCode }
    const made = await carrier.createShipment({ ...asked, recipient: await recipient(order) })
    const outcome = await service.handle({ id, command: { do: 'label', ...made }, origin: { actor: `carrier:${carrier.name}` } })
    // It was cancelled while the carrier answered.
    if (!isRefusal(outcome)) return 'done'
    const others = await partsLeft(service, id, parcel)
    if (others === 'none') await carrier.cancel(made.tracking)
    return others === 'unknown' ? { again: blockedSeconds } : 'done'
  }),
})

export const cancelHandler = (service: ShippingService): TaskHandler => ({
  kind: cancelTask,
  tasksMax: askedAtOnceMax,
  run: oneByOne(askedAtOnceMax, async ({ body }) => {
    const id = parcelIdOf(body)
    const parcel = await read(service, id)
    if (parcel?.label === undefined) return 'done'
    const others = await partsLeft(service, id, parcel)
    if (others === 'none') await carrierOf(service, parcel).cancel(parcel.label.tracking)
    return others === 'unknown' ? { again: blockedSeconds } : 'done'
  }),
})

/** `auto`: with its label, a parcel's whole story is written down as tasks, a step every `paceSeconds`. */
export const playing =
  (records: Records, paceSeconds: number): Effects<ParcelEvent, Parcel> =>
  (changes, { now }) => {
    const tasks = changes.flatMap(({ id, state, events }) => {
      const labelled = events.some(({ type }) => type === 'LabelCreated')
      if (!labelled || !isAnnounced(state) || state.carrier !== simulatedName || state.label === undefined) return []
      return storyOf(state.label.tracking).map((_, step) => ({
        id: newId(now),
        kind: playTask,
        key: state.order,
        dueAt: addSeconds(now, paceSeconds * (step + 1)),
        body: { parcel: id, step },
      }))
    })
    return [records.schedule(tasks)]
  }

export const playHandler = (service: ShippingService): TaskHandler => ({
  kind: playTask,
  tasksMax: askedAtOnceMax,
  run: oneByOne(askedAtOnceMax, async ({ body, dueAt }) => {
    const id = parcelIdOf(body)
    const parcel = await read(service, id)
    if (parcel?.label === undefined || parcel.status === 'cancelled') return 'done'
    if (!parcel.collected && isBlocked(parcel)) return { again: blockedSeconds }
    const { tracking } = parcel.label
    const index = Number(body['step'])
    const step = storyOf(tracking)[index]
    if (step === undefined) return 'done'
    // A millisecond apart at least, however short the pace: each step of a story has a time of its own.
    const happenedAt: Instant = instant(milliseconds(dueAt) - (storyOf(tracking).length - index))
    const news = { id: `${tracking}-${index}`, tracking, status: step.status, detail: step.detail, happenedAt }
    await service.learn({ carrier: simulatedName, news, raw: news })
    return 'done'
  }),
})
