/** Accounts' one way in. Each command is decided under the lock; personal data goes to rows of its own. */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Origin } from '../kernel/event.ts'
import type { Instant, PersonRef } from '../kernel/ids.ts'
import { microBatch } from '../kernel/micro-batch.ts'
import { newId } from '../platform/ids.ts'
import type { Records } from '../platform/records/records.ts'
import { type Batches, Fault, isolateFaults, type Work, type Write } from '../platform/store/work.ts'
import {
  type Account,
  type Contact,
  merged,
  type Profile,
  profileOf,
  unlessPossible,
  type UserCommand,
  type UserEvent,
  type UserReason,
  type UserView,
} from './users.ts'
import type { UserRepository } from './users-store.ts'

export type UserOptions = Readonly<{
  batches: Batches
  records: Records
  store: UserRepository
  now: () => Instant
  committed?: (() => void) | undefined
}>
export type UserOutcome = UserView | Refusal<UserReason>
type Asked = Readonly<{ command: UserCommand; origin: Origin }>

/** One command a user and batch: a second one for the same user would have to see the first one's rows. */
const limits = { itemsMax: 64, inFlightMax: 1, waitingMax: 5_000 } as const
/** Some 10 MB of ids; beyond it all are forgotten at once, and the database says again who is known. */
const knownMax = 100_000

export class Users {
  readonly #options: UserOptions
  readonly #together: (asked: Asked) => Promise<UserOutcome | Fault>
  /** Users this process saw in the database: their orders need not make them known again. */
  readonly #known = new Set<string>()

  constructor(options: UserOptions) {
    this.#options = options
    this.#together = microBatch('users', (batch: readonly Asked[]) => this.#commit(batch), limits)
  }

  /** Without a `userId` one is made. */
  create(asked: Readonly<{ userId?: string | undefined; profile: Profile }>, origin: Origin): Promise<UserOutcome> {
    const userId = asked.userId ?? newId(this.#options.now())
    return this.#handle({ do: 'create', userId, profile: asked.profile }, origin)
  }

  /** What is left out of the profile stays as it was. */
  update(userId: string, profile: Profile, origin: Origin, expected?: number): Promise<UserOutcome> {
    return this.#handle({ do: 'update', userId, profile, expected }, origin)
  }

  /** Erases the account and every row of personal data it ever had; its orders stay, without a name. */
  delete(userId: string, origin: Origin, expected?: number): Promise<UserOutcome> {
    return this.#handle({ do: 'delete', userId, expected }, origin)
  }

  async view(userId: string): Promise<UserOutcome> {
    const contact = (await this.#read([userId])).get(userId)
    return contact ?? refuse('user_not_found', `there is no user ${userId}`)
  }

  /** Name, address and the row they stand in, of those that are known. */
  async contactOf(userIds: readonly string[]): Promise<ReadonlyMap<string, Contact>> {
    const views = await this.#read(userIds)
    return new Map(
      [...views].map(([userId, { id, person, name, email, phone, address, group }]) => [
        userId,
        { id, userId, ...(person === undefined ? {} : { ref: person }), ...merged({}, { name, email, phone, address, group }) },
      ]),
    )
  }

  /**
   * For the batch of an order: makes its users known. Writes nothing for those this process knows to be; doors check
   * `userIdPattern` first.
   */
  ensureWrites(userIds: readonly string[], now: Instant): Write {
    const unknown = [...new Set(userIds)].filter((userId) => !this.#known.has(userId))
    return this.#options.store.ensure(
      unknown.map((userId) => ({ id: newId(now), userId })),
      now,
    )
  }

  /** The same in a batch of its own. */
  async ensure(userIds: readonly string[]): Promise<void> {
    await this.#options.batches.batch((work) => Promise.resolve(work.add(this.ensureWrites(userIds, work.now))))
  }

  async #handle(command: UserCommand, origin: Origin): Promise<UserOutcome> {
    const outcome = await this.#together({ command, origin })
    if (outcome instanceof Fault) throw outcome.cause
    return outcome
  }

  async #commit(batch: readonly Asked[]): Promise<readonly (UserOutcome | Fault)[]> {
    const outcomes = new Map<Asked, UserOutcome | Fault>()
    // Commands for the same user go one after the other, all others together.
    for (let rest = batch; rest.length > 0; ) {
      const round = rest.filter(
        ({ command }, index) => rest.findIndex((other) => other.command.userId === command.userId) === index,
      )
      const answers = await isolateFaults(round, (items) => this.#options.batches.batch((work) => this.#within(work, items)))
      for (const [index, asked] of round.entries()) outcomes.set(asked, answers[index] ?? new Fault(new Error('no answer')))
      rest = rest.filter((asked) => !round.includes(asked))
    }
    this.#options.committed?.()
    return batch.map((asked) => outcomes.get(asked) ?? new Fault(new Error('no answer')))
  }

  async #within(work: Work, batch: readonly Asked[]): Promise<readonly UserOutcome[]> {
    const { store, records } = this.#options
    const accounts = await store.lock(
      work,
      batch.map(({ command }) => command.userId),
    )
    const refs = [...accounts.values()].flatMap(({ person }) => person ?? [])
    const people = await records.people(refs)
    return batch.map(({ command, origin }) => {
      const account = accounts.get(command.userId)
      const refusal = unlessPossible(command, account)
      if (refusal !== undefined) return refusal
      const known = profileOf(account?.person === undefined ? undefined : people.get(account.person))
      const after = this.#take(work, command, account, known)
      const fact: UserEvent = { type: factOf[command.do], user: after.id }
      work.add(records.append([{ stream: newId(work.now), firstVersion: 1, facts: [fact], origin, at: work.now }]))
      return after
    })
  }

  #take(work: Work, command: UserCommand, account: Account | undefined, known: Profile): UserView {
    const { store, records } = this.#options
    if (command.do === 'delete') {
      if (account === undefined) throw new Error('an account that is not there cannot be erased')
      this.#known.delete(command.userId)
      work.add(...store.erase([account], work.now))
      return { ...account, person: undefined, version: account.version + 1, updatedAt: work.now }
    }
    const profile = merged(known, command.profile)
    // A new row each time: orders that were sent to the old address keep it.
    const person = newId(work.now) as string as PersonRef
    const after: Account = {
      id: account?.id ?? newId(work.now),
      userId: command.userId,
      person,
      version: (account?.version ?? 0) + 1,
      createdAt: account?.createdAt ?? work.now,
      updatedAt: work.now,
    }
    work.add(
      account === undefined ? store.create([after]) : store.update([after]),
      store.own([{ account: after.id, person }]),
      records.describe([{ ref: person, body: profile }]),
    )
    return { ...after, ...profile }
  }

  async #read(userIds: readonly string[]): Promise<ReadonlyMap<string, UserView>> {
    const { store, records } = this.#options
    const accounts = await store.get([...new Set(userIds)])
    if (this.#known.size > knownMax) this.#known.clear()
    for (const userId of accounts.keys()) this.#known.add(userId)
    const people = await records.people([...accounts.values()].flatMap(({ person }) => person ?? []))
    return new Map(
      [...accounts].map(([userId, account]) => [
        userId,
        { ...account, ...profileOf(account.person === undefined ? undefined : people.get(account.person)) },
      ]),
    )
  }
}

const factOf = { create: 'UserCreated', update: 'UserUpdated', delete: 'UserErased' } as const satisfies Record<
  UserCommand['do'],
  UserEvent['type']
>
