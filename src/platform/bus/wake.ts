/**
 * Tells reactions and tasks, here and in other processes, that something was committed. In this process at once; others
 * by NOTIFY on a connection of its own, at most one on its way: a NOTIFY inside each commit would make commits queue up.
 */
import type { Logger } from '../log.ts'
import type { Database } from '../postgres/database.ts'

const channel = 'waybill_journal'
const reconnectMs = 1_000

export class WakeUps {
  readonly #database: Database
  readonly #log: Logger
  readonly #listeners: (() => void)[] = []
  #waiting: (() => void)[] = []
  #client: Awaited<ReturnType<Database['client']>> | undefined
  #sending = false
  #again = false
  #stopped = false

  constructor(database: Database, log: Logger) {
    this.#database = database
    this.#log = log
  }

  on(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** At the next commit, this once. */
  once(listener: () => void): void {
    this.#waiting.push(listener)
  }

  /** Something was committed here. */
  signal(): void {
    this.#tell()
    this.#again = true
    void this.#send()
  }

  async start(): Promise<void> {
    if (this.#stopped) return
    try {
      const client = await this.#database.client()
      client.on('notification', () => this.#tell())
      client.on('error', (fault) => this.#lost(fault))
      client.on('end', () => this.#lost(undefined))
      await client.query(`listen ${channel}`)
      this.#client = client
    } catch (fault) {
      this.#lost(fault)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const client = this.#client
    this.#client = undefined
    await client?.end()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
    for (const listener of this.#waiting.splice(0)) listener()
  }

  /** Without the connection others are still seen: reactions look by themselves a few times a second. */
  #lost(fault: unknown): void {
    if (this.#stopped || (this.#client === undefined && fault === undefined)) return
    this.#client = undefined
    this.#log.warn({ fault }, 'wake-ups from other processes are lost for a moment')
    setTimeout(() => void this.start(), reconnectMs).unref()
  }

  async #send(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    while (this.#again && this.#client !== undefined) {
      this.#again = false
      try {
        await this.#client.query(`notify ${channel}`)
      } catch (fault) {
        this.#lost(fault)
      }
    }
    this.#sending = false
  }
}
