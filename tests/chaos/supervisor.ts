/** Waybill as a process that is started, watched, killed and started again, as an operator's supervisor does it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { EmbeddedConnection } from '../../src/platform/postgres/embedded.ts'
import { urlOf } from '../support/database.ts'

const root = join(import.meta.dirname, '..', '..')
/** Recovery of the database is part of it; the usual start takes two seconds. */
const startMaxMs = 60_000
/** What a process that does not listen is given before the next is tried: its database may not be there yet. */
const againMs = 200
const saidCharactersMax = 4_000

/** `embedded`: Waybill starts and stops the PostgreSQL of that folder itself. */
export type Form = Readonly<{ connection: EmbeddedConnection }> | Readonly<{ embedded: string }>
type Live = Readonly<{ child: ChildProcess; url: string; ended: Promise<string> }>

export class Supervisor {
  readonly ownerKey: string
  readonly #environment: Readonly<Record<string, string>>
  readonly #onEnd: (how: string) => void
  readonly #log: string
  #live: Live | undefined
  #form: Form
  #expected = true
  #said = ''
  readonly startsMs: number[] = []

  constructor(
    options: Readonly<{
      ownerKey: string
      form: Form
      environment: Readonly<Record<string, string>>
      onEnd: (how: string) => void
      /** A file that takes all it says. */
      log: string
    }>,
  ) {
    this.ownerKey = options.ownerKey
    this.#form = options.form
    this.#environment = options.environment
    this.#onEnd = options.onEnd
    this.#log = options.log
  }

  /** Where it listens; undefined while it does not. */
  get url(): string | undefined {
    return this.#live?.url
  }

  get said(): string {
    return this.#said
  }

  /** Tries until it listens. @throws with what it said where it does not in time. */
  async start(more: Readonly<Record<string, string>> = {}, form: Form = this.#form): Promise<void> {
    this.#form = form
    const begun = performance.now()
    for (;;) {
      const live = await this.#once(more)
      if (live !== undefined) {
        this.#live = live
        this.startsMs.push(performance.now() - begun)
        return
      }
      if (performance.now() - begun > startMaxMs) throw new Error(`Waybill does not start:\n${this.#said}`)
      await wait(againMs)
    }
  }

  /** Resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<string> {
    const live = this.#live
    if (live === undefined) return 'not there'
    this.#expected = true
    this.#live = undefined
    live.child.kill(signal)
    return live.ended
  }

  /** It stands still, as for a very long collection of garbage. @returns what lets it go on. */
  pause(): () => void {
    const child = this.#live?.child
    child?.kill('SIGSTOP')
    return () => void child?.kill('SIGCONT')
  }

  /** A process that is killed before it listens: some half-made state, and the next start must not mind. */
  async killWhileStarting(afterMs: number): Promise<void> {
    const child = this.#spawn({})
    // Words that nobody reads would keep their pipe, and us, open.
    for (const stream of [child.stdout, child.stderr]) stream?.resume()
    const ended = endOf(child)
    await Promise.race([wait(afterMs), ended])
    child.kill('SIGKILL')
    await ended
  }

  async #once(more: Readonly<Record<string, string>>): Promise<Live | undefined> {
    const child = this.#spawn(more)
    const ended = endOf(child)
    let isListening: (url: string | undefined) => void = () => undefined
    const listening = new Promise<string | undefined>((resolve) => (isListening = resolve))
    let heard = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        heard += text
        appendFileSync(this.#log, text)
        this.#said = `${this.#said}${text}`.slice(-saidCharactersMax)
        const url = /listens on (http:\S+)/.exec(heard)?.[1]
        if (url !== undefined) isListening(url)
      })
    void ended.then(() => isListening(undefined))
    const url = await Promise.race([listening, wait(startMaxMs, undefined, { ref: false })])
    if (url === undefined) {
      child.kill('SIGKILL')
      await ended
      return undefined
    }
    const live = { child, url, ended }
    this.#expected = false
    void ended.then((how) => this.#gone(live, how))
    return live
  }

  #gone(live: Live, how: string): void {
    if (this.#live !== live || this.#expected) return
    this.#live = undefined
    this.#onEnd(how)
  }

  #spawn(more: Readonly<Record<string, string>>): ChildProcess {
    const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'USER'].map((name) => [name, process.env[name]]))
    const database =
      'embedded' in this.#form ? { WAYBILL_DATA: this.#form.embedded } : { DATABASE_URL: urlOf(this.#form.connection) }
    return spawn(process.execPath, ['--import', join(import.meta.dirname, 'skew.ts'), 'src/main.ts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...inherited,
        NODE_COMPILE_CACHE: join(root, '.cache', 'compile'),
        PORT: '0',
        WAYBILL_OWNER_KEY: this.ownerKey,
        WAYBILL_LOG_LEVEL: 'error',
        WAYBILL_DEMO: 'off',
        // Should we be killed ourselves, it does not outlive us.
        WAYBILL_WATCH_PARENT: '1',
        ...database,
        ...this.#environment,
        ...more,
      },
    })
  }
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))))
