import type { Fact } from '../../kernel/event.ts'
import type { Instant, PersonRef } from '../../kernel/ids.ts'
import { Aborted, type MemoryWrite, type Work } from '../store/work.ts'
import { type KeyClaim, type KeyFound, keyName, type Person, type Records, type Task } from './records.ts'

export type MemoryFact = Readonly<{
  stream: string
  version: number
  at: Instant
  actor: string
  cause?: string | undefined
  fact: Fact
}>

/** The same rules as the tables: a version or a key that is taken aborts the batch. */
export class MemoryRecords implements Records {
  readonly journal: MemoryFact[] = []
  readonly tasks = new Map<string, Task>()
  readonly #versions = new Set<string>()
  readonly #keys = new Map<string, KeyFound>()
  readonly #people = new Map<string, Person>()

  append(appends: Parameters<Records['append']>[0]): MemoryWrite {
    const rows = appends.flatMap(({ stream, firstVersion, facts, origin, at }) =>
      facts.map((fact, index): MemoryFact => ({ stream, version: firstVersion + index, at, ...origin, fact })),
    )
    const names = rows.map((row) => `${row.stream}@${row.version}`)
    return {
      check: () => {
        const taken = names.find((name, index) => this.#versions.has(name) || names.indexOf(name) !== index)
        if (taken !== undefined) throw new Aborted('conflict', taken)
      },
      apply: () => {
        for (const name of names) this.#versions.add(name)
        this.journal.push(...rows)
      },
    }
  }

  schedule(tasks: readonly Task[]): MemoryWrite {
    return {
      apply: () => {
        for (const task of tasks) if (!this.tasks.has(task.id)) this.tasks.set(task.id, task)
      },
    }
  }

  claim(claims: Parameters<Records['claim']>[0]): MemoryWrite {
    return {
      check: () => {
        for (const claim of claims) if (this.#keys.has(keyName(claim))) throw new Aborted('conflict', keyName(claim))
      },
      apply: () => {
        for (const claim of claims) {
          this.#keys.set(keyName(claim), { hash: claim.hash, object: claim.object })
        }
      },
    }
  }

  describe(people: Parameters<Records['describe']>[0]): MemoryWrite {
    return {
      apply: () => {
        for (const { ref, body } of people) this.#people.set(ref, body)
      },
    }
  }

  claimed(_work: Work, claims: readonly KeyClaim[]): Promise<ReadonlyMap<string, KeyFound>> {
    const found = new Map<string, KeyFound>()
    for (const claim of claims) {
      const known = this.#keys.get(keyName(claim))
      if (known !== undefined) found.set(keyName(claim), known)
    }
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
}
