/** Policies: read whole, kept in memory, read again when they change; each change is one batch with its event. */
import { createHash } from 'node:crypto'
import type { Instant } from '../kernel/ids.ts'
import { refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import { nowMs } from '../kernel/timers.ts'
import { byPriority, cheapest, choosePolicy, type OrderFacts, parsePolicy, type Policy, presets } from '../sourcing/contract.ts'
import type { KeyClaim, Records } from '../platform/records/records.ts'
import type { Batches } from '../platform/store/work.ts'
import { type Outcome, StreamService, type Unstamped } from '../platform/streams/service.ts'
import type { PolicyRepository } from './policies-store.ts'
import {
  type PolicyCommand,
  policyDecider,
  type PolicyEvent,
  type PolicyHistory,
  type PolicyReason,
  presetHistory,
} from './policy-life.ts'

export type PolicyOptions = Readonly<{
  batches: Batches
  records: Records
  repository: PolicyRepository
  now: () => Instant
  committed: () => void
}>
/** What is in force, compiled once a change. */
type InForce = Readonly<{
  histories: readonly PolicyHistory[]
  byId: ReadonlyMap<string, Policy>
  live: readonly Policy[]
  shadows: readonly Policy[]
}>
export type Choice = Readonly<{ policy: Policy; shadows: readonly Policy[] }>

/** Another process's change is seen after this long. */
const staleMs = 2_000
/** Each shadow decides an order once more: beyond these the first by priority run. */
const shadowsMax = 4
/** All of them are in memory, and are read again when one changes. */
const namesMax = 200
const noShadows: readonly Policy[] = []

export class Policies {
  readonly #options: PolicyOptions
  readonly #streams: StreamService<PolicyCommand, PolicyEvent, PolicyHistory, PolicyReason>
  #inForce: InForce
  #readAt = 0

  constructor(options: PolicyOptions) {
    this.#options = options
    this.#inForce = inForceOf([], options.now())
    const { batches, records, repository, committed } = options
    this.#streams = new StreamService({
      name: 'policies',
      batches,
      records,
      store: repository.streams,
      decider: policyDecider,
      committed,
    })
  }

  async handle(
    command: Unstamped<PolicyCommand>,
    origin: Origin,
    key?: KeyClaim,
  ): Promise<Outcome<PolicyEvent, PolicyHistory, PolicyReason>> {
    const { histories } = this.#inForce
    if (command.do === 'draft' && histories.length >= namesMax && histories.every(({ name }) => name !== command.name))
      return refuse('policy_versions_full', `there are ${namesMax} policies, as many as are kept: make a version of one of them`)
    const outcome = await this.#streams.handle({ id: streamOf(command.name), command, origin, key })
    await this.read()
    return outcome
  }

  async read(): Promise<readonly PolicyHistory[]> {
    const stored = await this.#options.repository.all()
    this.#readAt = nowMs()
    if (JSON.stringify(stored) !== JSON.stringify(this.#stored)) {
      this.#stored = stored
      this.#inForce = inForceOf(stored, this.#options.now())
    }
    return this.#inForce.histories
  }
  #stored: readonly PolicyHistory[] = []

  /** As last read: at most two seconds old while requests come. */
  get #current(): InForce {
    if (nowMs() - this.#readAt > staleMs) {
      this.#readAt = nowMs()
      // A failed read leaves what is known; the next one comes in two seconds.
      this.read().catch(() => undefined)
    }
    return this.#inForce
  }

  /** The live policy for an order, and the shadows that would have been chosen in its place. */
  choose(order: OrderFacts): Choice {
    const { live, shadows } = this.#current
    const policy = choosePolicy(live, order) ?? cheapest
    if (shadows.length === 0) return { policy, shadows: noShadows }
    const beside = shadows.filter((shadow) => {
      const others = live.filter(({ name }) => name !== shadow.name)
      return choosePolicy(byPriority([...others, shadow]), order) === shadow
    })
    return { policy, shadows: beside.slice(0, shadowsMax) }
  }

  /** Any version that there is or was, for reasons worked out later. */
  async at(id: string): Promise<Policy | undefined> {
    const known = this.#current.byId.get(id)
    if (known !== undefined) return known
    await this.read()
    return this.#inForce.byId.get(id)
  }
}

/** One stream a name, found without looking it up: a UUID made of the name (RFC 9562, version 8). */
export const streamOf = (name: string): string => {
  const hex = createHash('sha256').update(`policy ${name}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const inForceOf = (stored: readonly PolicyHistory[], at: Instant): InForce => {
  const names = new Set(stored.map(({ name }) => name))
  const untouched = presets.filter(({ name }) => !names.has(name)).map(({ name }) => presetHistory(name, at))
  const histories = [...untouched, ...stored]
  const byId = new Map<string, Policy>()
  const stages = { live: [] as Policy[], shadow: [] as Policy[] }
  for (const { versions } of histories) {
    for (const { version, body, stage } of versions) {
      // It was checked when it was saved; what a later version of Waybill no longer takes is not decided by.
      const parsed = parsePolicy(body, version)
      if ('errors' in parsed) continue
      byId.set(parsed.policy.id, parsed.policy)
      if (stage === 'live' || stage === 'shadow') stages[stage].push(parsed.policy)
    }
  }
  return { histories, byId, live: byPriority(stages.live), shadows: byPriority(stages.shadow) }
}
