import type { Envelope, Fact } from '../../kernel/event.ts'
import type { Instant, PersonRef, StreamId } from '../../kernel/ids.ts'
import { MemoryTable, undoable } from '../store/memory.ts'
import { Aborted, type MemoryWrite, type Work } from '../store/work.ts'
import { type KeyClaim, type KeyFound, keyName, type Person, type Records, type Task } from './records.ts'

export type MemoryFact = Readonly<{
  position: number
  stream: string
  version: number
  at: Instant
  actor: string
  cause?: string | undefined
  fact: Fact
}>
export type MemoryTask = Task & Readonly<{ attempt: number; leaseUntil: Instant | null; dead: boolean; lastError: string | null }>

export const factAsRead = ({ position, stream, version, at, actor, cause, fact }: MemoryFact): Envelope => {
  return { position, stream: stream as StreamId, version, at, actor, cause, event: fact }
}

/** The same rules as the tables: a version, a key or a person that is there already aborts the batch. */
export class MemoryRecords implements Records {
  /** In the order of positions, which are never used again: what was lost leaves a gap. */
  readonly journal: MemoryFact[] = []
  readonly tasks = new MemoryTable<string, MemoryTask>()
  readonly #streams = new MemoryTable<string, readonly MemoryFact[]>()
  readonly #keys = new MemoryTable<string, KeyFound>()
  readonly #people = new MemoryTable<string, Person>()
  #position = 0

  append(appends: Parameters<Records['append']>[0]): MemoryWrite {
    return {
      apply: () => {
        for (const { stream, firstVersion, facts, origin, at } of appends)
          for (const [index, fact] of facts.entries()) this.#append({ stream, version: firstVersion + index, at, ...origin, fact })
      },
    }
  }

  schedule(tasks: readonly Task[]): MemoryWrite {
    return {
      apply: () => {
        for (const task of tasks)
          if (!this.tasks.has(task.id))
            this.tasks.set(task.id, { ...task, attempt: 0, leaseUntil: null, dead: false, lastError: null })
      },
    }
  }

  claim(claims: Parameters<Records['claim']>[0]): MemoryWrite {
    return {
      apply: () => {
        for (const claim of claims) this.#keys.insert(keyName(claim), { hash: claim.hash, object: claim.object })
      },
    }
  }

  describe(people: Parameters<Records['describe']>[0]): MemoryWrite {
    return {
      apply: () => {
        for (const { ref, body } of people) this.#people.insert(ref, body)
      },
    }
  }

  /** Erases people, as the accounts' store does it. */
  forget(refs: readonly PersonRef[]): MemoryWrite {
    return {
      apply: () => {
        for (const ref of refs) this.#people.delete(ref)
      },
    }
  }

  claimed(work: Work, claims: readonly KeyClaim[]): Promise<ReadonlyMap<string, KeyFound>> {
    const found = new Map<string, KeyFound>()
    for (const claim of claims) {
      const known = this.#keys.get(keyName(claim))
      if (known !== undefined) found.set(keyName(claim), known)
    }
    // A write, as in PostgreSQL: a commit that has only read is confirmed though no standby has what it read.
    if (found.size > 0) work.add({ apply: () => undefined })
    return Promise.resolve(found)
  }

  people(refs: readonly PersonRef[]): Promise<ReadonlyMap<string, Person>> {
    const found = new Map<string, Person>()
    for (const ref of refs) {
      const body = this.#people.get(ref)
      if (body !== undefined) found.set(ref, body)
    }
    return Promise.resolve(found)
  }

  /** One stream's facts, by version. */
  historyOf(stream: string): readonly MemoryFact[] {
    return (this.#streams.get(stream) ?? []).toSorted((a, b) => a.version - b.version)
  }

  #append(row: Omit<MemoryFact, 'position'>): void {
    const before = this.#streams.get(row.stream) ?? []
    if (before.some(({ version }) => version === row.version)) throw new Aborted('conflict', `${row.stream}@${row.version}`)
    this.#position += 1
    const fact = { ...row, position: this.#position }
    this.#streams.set(row.stream, [...before, fact])
    this.journal.push(fact)
    undoable(() => void this.journal.pop())
  }
}
