/**
 * What clients, readers and the nemesis saw, as they saw it: one JSON object a line. `ok` is an answer of success, `fail` an
 * answer that says nothing was done, `info` no answer that says either: it may have happened or not (Jepsen's words).
 */
import { closeSync, openSync, writeSync } from 'node:fs'

export type Does =
  | 'place'
  | 'cancel'
  | 'pay'
  | 'receive'
  | 'pick'
  | 'pack'
  | 'send'
  | 'arrive'
  | 'announce'
  | 'take back'
  /** After healing every key is asked once more: what was acknowledged must be answered with the same. */
  | 'ask again'

type Noted = Readonly<{ at: number; process: string }>
export type Asked = Readonly<{ does: Does; key: string; says: string; order?: string; units?: Units }>
export type Units = Readonly<{ sku: string; quantity: number }>
type Operation = Noted & Asked & Readonly<{ op: number }>
export type Invoked = Operation & Readonly<{ kind: 'invoke' }>
export type Succeeded = Operation & Readonly<{ kind: 'ok'; status: number; id: string; replayed: boolean }>
export type Failed = Operation & Readonly<{ kind: 'fail'; status: number; code: string }>
export type Unknown = Operation & Readonly<{ kind: 'info'; status: number; why: string }>
export type Fault = Noted & Readonly<{ kind: 'fault'; fault: string; detail: string }>

/** Sums of one product at one place, as one transaction saw them all. */
export type LevelSeen = Readonly<{
  sku: string
  place: string
  onHand: number
  reserved: number
  inTransit: number
  damaged: number
  /** What the ledger's movements come to. */
  ledger: Readonly<{ onHand: number; reserved: number; inTransit: number; damaged: number }>
  /** What orders hold there. */
  held: number
}>
/** Units of one product by what the ledger says became of them, over all places. */
export type FlowSeen = Readonly<{ sku: string; cameIn: number; wentOut: number }>
export type Snapshot = Noted &
  Readonly<{ kind: 'snapshot'; levels: readonly LevelSeen[]; flows: readonly FlowSeen[]; orders: number }>

export type Entry = Invoked | Succeeded | Failed | Unknown | Fault | Snapshot
type Unstamped<Kind> = Kind extends Noted ? Omit<Kind, 'at'> : never

export class History {
  readonly path: string
  readonly entries: Entry[] = []
  readonly #file: number
  readonly #begun = performance.now()
  #operations = 0

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'w')
  }

  /** Monotonic milliseconds since the run began. */
  now(): number {
    return Math.round(performance.now() - this.#begun)
  }

  operation(): number {
    this.#operations += 1
    return this.#operations
  }

  note(entry: Unstamped<Entry>): void {
    const stamped = { at: this.now(), ...entry } as Entry
    this.entries.push(stamped)
    writeSync(this.#file, `${JSON.stringify(stamped)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}
