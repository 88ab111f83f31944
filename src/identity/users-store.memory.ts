/** The memory form of the accounts' store: for tests of rooms and for the simulation. */
import type { Instant, PersonRef } from '../kernel/ids.ts'
import type { Records } from '../platform/records/records.ts'
import { Aborted, type MemoryWrite, type Work, type Write } from '../platform/store/work.ts'
import type { Account } from './users.ts'
import type { NewAccount, UserRepository } from './users-store.ts'

export class MemoryUsers implements UserRepository {
  readonly rows = new Map<string, Account>()
  readonly #owned = new Map<string, PersonRef[]>()
  readonly #records: Records
  constructor(records: Records) {
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
          if (this.rows.has(account.userId)) throw new Aborted('conflict', account.userId)
          this.rows.set(account.userId, account)
        }
      },
    }
  }

  update(accounts: readonly Account[]): MemoryWrite {
    return {
      apply: () => {
        for (const account of accounts) {
          if (!this.rows.has(account.userId)) throw new Aborted('guard', account.userId)
          this.rows.set(account.userId, account)
        }
      },
    }
  }

  own(people: readonly Readonly<{ account: string; person: PersonRef }>[]): MemoryWrite {
    return {
      apply: () => {
        for (const { account, person } of people) this.#owned.set(account, [...(this.#owned.get(account) ?? []), person])
      },
    }
  }

  erase(accounts: readonly Account[]): readonly Write[] {
    // Records have no way to delete a person: in memory the rows are emptied instead.
    const refs = accounts.flatMap(({ id }) => this.#owned.get(id) ?? [])
    return [
      this.#records.describe(refs.map((ref) => ({ ref, body: {} }))),
      {
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
          this.rows.set(userId, { id, userId, person: undefined, version: 1, createdAt: now, updatedAt: now })
        }
      },
    }
  }
}
