/**
 * Tells reactions and tasks, here and in other processes, that something was committed. In this process at once; others
 * by NOTIFY on a connection of its own, at most one on its way: a NOTIFY inside each commit would make commits queue up.
 */
import type pg from 'pg'
import { nowMs } from '../../kernel/timers.ts'
import type { Logger } from '../log.ts'
import type { Database } from '../postgres/database.ts'

const channel = 'waybill_journal'
const reconnectMs = 1_000
/** What a process that listens calls itself among the database's connections. */
const listenerName = 'waybill wake-ups'
/** Whether anybody else listens is asked this often; whoever begins to meanwhile looks by himself, four times a second. */
const othersEveryMs = 1_000

export class WakeUps {
  readonly #database: Database
  readonly #log: Logger
  readonly #listeners: (() => void)[] = []
  #waiting: (() => void)[] = []
  #client: Awaited<ReturnType<Database['client']>> | undefined
  #sending = false
  #othersListen = true
  #askedAt = Number.NEGATIVE_INFINITY
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
      await client.query(`set application_name = '${listenerName}'`)
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

  async #someoneElse(client: pg.Client): Promise<boolean> {
    if (nowMs() - this.#askedAt < othersEveryMs) return this.#othersListen
    this.#askedAt = nowMs()
    const { rows } = await client.query<{ others: boolean }>(
      `select count(*) > 1 as others from pg_stat_activity where application_name = '${listenerName}' and datname = current_database()`,
    )
    this.#othersListen = rows[0]?.others ?? true
    return this.#othersListen
  }

  async #send(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    while (this.#again && this.#client !== undefined) {
      this.#again = false
      try {
        // A NOTIFY is a commit of its own: alone in this database a process spares itself hundreds a second.
        if (await this.#someoneElse(this.#client)) await this.#client.query(`notify ${channel}`)
      } catch (fault) {
        this.#lost(fault)
      }
    }
    this.#sending = false
  }
}
