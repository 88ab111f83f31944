/** The memory form of the accounts' store: for tests of rooms and for the simulation. */
import type { Instant, PersonRef } from '../kernel/ids.ts'
import type { MemoryRecords } from '../platform/records/memory.ts'
import { demand, MemoryTable } from '../platform/store/memory.ts'
import { Aborted, type MemoryWrite, type Work, type Write } from '../platform/store/work.ts'
import type { Account } from './users.ts'
import type { NewAccount, UserRepository } from './users-store.ts'

export class MemoryUsers implements UserRepository {
  readonly rows = new MemoryTable<string, Account>()
  readonly #owned = new MemoryTable<string, readonly PersonRef[]>()
  readonly #records: Pick<MemoryRecords, 'forget'>
  constructor(records: Pick<MemoryRecords, 'forget'>) {
    this.#records = records
  }

  lock(_work: Work, userIds: readonly string[]): Promise<ReadonlyMap<string, Account>> {
    return this.get(userIds)
  }

  get(userIds: readonly string[]): Promise<ReadonlyMap<string, Account>> {
    const found = new Map<string, Account>()
    for (const userId of userIds) {
      const account = this.rows.get(userId)
      if (account !== undefined) found.set(userId, account)
    }
    return Promise.resolve(found)
  }

  create(accounts: readonly Account[]): MemoryWrite {
    return {
      apply: () => {
        for (const account of accounts) {
          demand('user_id', userIdPattern.test(account.userId))
          this.rows.insert(account.userId, account)
        }
      },
    }
  }

  update(accounts: readonly Account[]): MemoryWrite {
    return {
      ...this.#guarded(accounts),
      apply: () => {
        for (const account of accounts) this.rows.set(account.userId, account)
      },
    }
  }

  own(people: readonly Readonly<{ account: string; person: PersonRef }>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { account, person } of people) {
          const owned = this.#owned.get(account) ?? []
          if (owned.includes(person)) throw new Aborted('conflict', person)
          this.#owned.set(account, [...owned, person])
        }
      },
    }
  }

  erase(accounts: readonly Account[]): readonly Write[] {
    const refs = accounts.flatMap(({ id }) => this.#owned.get(id) ?? [])
    return [
      this.#records.forget(refs),
      {
        ...this.#guarded(accounts),
        apply: () => {
          for (const { id, userId } of accounts) {
            this.rows.delete(userId)
            this.#owned.delete(id)
          }
        },
      },
    ]
  }

  ensure(accounts: readonly NewAccount[], now: Instant): MemoryWrite {
    return {
      apply: () => {
        for (const { id, userId } of accounts) {
          if (this.rows.has(userId)) continue
          demand('user_id', userIdPattern.test(userId))
          this.rows.set(userId, { id, userId, person: undefined, version: 1, createdAt: now, updatedAt: now })
        }
      },
    }
  }

  #guarded(accounts: readonly Account[]): Pick<MemoryWrite, 'check' | 'touches' | 'guarded'> {
    return {
      check: () => {
        for (const { id, userId } of accounts) if (this.rows.get(userId)?.id !== id) throw new Aborted('guard', userId)
      },
      touches: accounts.map(({ id }) => `identity.users ${id}`),
      guarded: true,
    }
  }
}

const userIdPattern = /^[A-Za-z0-9 ._:-]{1,64}$/
