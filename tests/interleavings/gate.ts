/**
 * A gate before every statement: an operation that runs as a party hands each statement over here, and it leaves only when
 * the explorer releases it. The product knows nothing of it: `pg` takes another client class with the connection's settings.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import type { Connection } from '../../src/platform/postgres/database.ts'

type Step = Readonly<{ label: string; pid: number; send: () => void }>
/** What PostgreSQL answered to statements that it did not do. */
export type Failed = Readonly<{ label: string; code: string }>

/** Who runs the statement that is about to be sent; nobody while cases are made and checked, and then nothing waits. */
const running = new AsyncLocalStorage<Party>()

/** One operation of a schedule: its statements one after the other, whatever connections they use. */
export class Party {
  readonly name: string
  readonly failed: Failed[] = []
  /** Statements that were sent, by what they are. */
  readonly sent: string[] = []
  #waiting: Step[] = []
  /** The backend that has this party's statement in hand. */
  #pid: number | undefined
  #ended = false
  #open = false
  readonly #changed: () => void

  /** @param changed something about this party changed: the explorer looks again. */
  constructor(name: string, changed: () => void) {
    this.name = name
    this.#changed = changed
  }

  /** Runs the operation as this party. What it answers or throws is the party's outcome, and never thrown here. */
  run<Answer>(operation: () => Promise<Answer>): Promise<Ended<Answer>> {
    return running.run(this, async () => {
      try {
        return { answer: await operation() }
      } catch (fault) {
        return { fault }
      } finally {
        this.#ended = true
        // What it began beside its answer, such as reading master data again, is nobody's turn any more.
        this.open()
        this.#changed()
      }
    })
  }

  get isOver(): boolean {
    return this.#ended
  }
  /** Whether a statement waits for its turn, and none is on its way. */
  get isReady(): boolean {
    return this.#pid === undefined && this.#waiting.length > 0
  }
  /** The backend whose answer is awaited. */
  get pid(): number | undefined {
    return this.#pid
  }
  get next(): string | undefined {
    return this.#waiting[0]?.label
  }

  /** Sends the statement that waits longest. */
  release(): void {
    const step = this.#waiting.shift()
    if (step === undefined || this.#pid !== undefined) throw new Error(`party ${this.name} has nothing to send`)
    this.#pid = step.pid
    this.sent.push(step.label)
    step.send()
  }

  /** Lets everything through from now on. */
  open(): void {
    this.#open = true
    for (const { send } of this.#waiting.splice(0)) send()
  }

  /** Takes a statement in; it is sent when it is released. */
  admit<Answer>(label: string, pid: number, send: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const leave = async (): Promise<void> => {
        try {
          resolve(await send())
        } catch (fault) {
          if (fault instanceof pg.DatabaseError) this.failed.push({ label, code: fault.code ?? '' })
          reject(fault instanceof Error ? fault : new Error(String(fault)))
        }
        this.#pid = undefined
        this.#changed()
      }
      if (this.#open) return void leave()
      this.#waiting.push({ label, pid, send: () => void leave() })
      this.#changed()
    })
  }
}

export type Ended<Answer> = Readonly<{ answer: Answer } | { fault: unknown }>

/** Statements that no other party can feel: nobody's turn is spent on them. A batch so begins as early as it can, with the oldest clock. */
const unfelt: readonly RegExp[] = [
  /^(begin|savepoint)\b/,
  // A block of order numbers, once in a thousand orders.
  /orders\.number/,
  // Master data that is read again every two seconds, whoever is running then.
  /inventory\.(warehouses|network|tariffs)|from inventory\.policies order by name|inventory\.prices/,
  // An order's first fact never changes.
  /from platform\.journal where stream = any.* and version = 1$/,
  // The provider's own books, which are another company's.
  /payments\.simulated_/,
]

const textOf = (config: unknown): string => {
  if (typeof config === 'string') return config
  if (typeof config === 'object' && config !== null && 'text' in config && typeof config.text === 'string') return config.text
  return ''
}
/** The statement's name, or its first words; of a save, which tables it writes. */
const labelOf = (config: unknown, text: string): string => {
  const tables = [...text.matchAll(/(?:insert into|update|delete from) (\w+\.\w+)/g)].flatMap(([, table]) => table ?? [])
  if (tables.length > 0) return `save ${[...new Set(tables)].join(' ')}`
  if (typeof config === 'object' && config !== null && 'name' in config && typeof config.name === 'string') return config.name
  return text.replaceAll(/\s+/g, ' ').slice(0, 40)
}

type Query = (...args: readonly unknown[]) => Promise<unknown>
type Callback = (fault: Error | undefined, result?: unknown) => void

class GatedClient extends pg.Client {
  constructor(options?: pg.ClientConfig) {
    super(options)
    const send = super.query.bind(this) as unknown as Query
    const pid = (): number => (this as unknown as { processID: number }).processID
    const query: Query = (config, values, callback) => {
      const party = running.getStore()
      const text = textOf(config)
      if (party === undefined || text === '' || unfelt.some((pattern) => pattern.test(text)))
        return callback === undefined ? send(config, values) : send(config, values, callback)
      const asked = party.admit(labelOf(config, text), pid(), () => send(config, values))
      if (typeof callback !== 'function') return asked
      const told = callback as Callback
      asked.then(
        (result) => told(undefined, result),
        (fault: Error) => told(fault),
      )
      return asked
    }
    this.query = query as unknown as pg.Client['query']
  }
}

/** The same connection, with a gate before each statement of whoever runs as a party. */
export const gated = (connection: Exclude<Connection, string>): Connection => {
  const settings = { ...connection, Client: GatedClient }
  return settings
}
