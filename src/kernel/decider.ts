/**
 * The shape of every rule in Waybill: a command and a state give events or a refusal; an event and a state give a state.
 * Both are pure; what they need (time, ids, prices) arrives inside the command.
 */
export type Refusal<Reason extends string = string> = Readonly<{
  refused: Reason
  detail: string
  about?: Readonly<Record<string, unknown>>
}>

export const refuse = <Reason extends string>(
  refused: Reason,
  detail: string,
  about?: Readonly<Record<string, unknown>>,
): Refusal<Reason> => (about === undefined ? { refused, detail } : { refused, detail, about })

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'refused' in value

export type Decider<Command, Event, State, Reason extends string> = Readonly<{
  initial: State
  decide: (command: Command, state: State) => readonly Event[] | Refusal<Reason>
  evolve: (state: State, event: Event) => State
}>

/** A state with the version of its last event; version 0 is an object that has no history yet. */
export type Stored<State> = Readonly<{ version: number; state: State }>

/** What one batch does to one object: the events it adds, and the state and version after them. */
export type Change<Event, State> = Readonly<{ id: string; version: number; state: State; events: readonly Event[] }>

/** What a command came to: the state after it and the events it added (none where it changed nothing). */
export type Decided<Event, State> = Readonly<{ version: number; state: State; events: readonly Event[] }>

/** Narrows a state to the status an event belongs to; a history that does not fit is broken, never guessed at. */
export const only = <State extends Readonly<{ status: string }>, Status extends State['status']>(
  state: State,
  ...statuses: readonly Status[]
): Extract<State, { status: Status }> => {
  const fits = (candidate: State): candidate is Extract<State, { status: Status }> =>
    statuses.some((status) => status === candidate.status)
  if (!fits(state)) throw new Error(`broken history: expected ${statuses.join(' or ')}, found ${state.status}`)
  return state
}

/** Applies one object's events in order. */
export const fold = <Event, State>(evolve: (state: State, event: Event) => State, state: State, events: readonly Event[]): State =>
  events.reduce(evolve, state)

/**
 * The states of a batch while it is being decided: command n+1 sees what command n did, and what changed is collected.
 * Used by every room between its locking and its saving statement.
 */
export class Deciding<Command, Event, State, Reason extends string> {
  readonly #decider: Decider<Command, Event, State, Reason>
  readonly #stored: ReadonlyMap<string, Stored<State>>
  readonly #changed = new Map<string, Change<Event, State>>()

  constructor(decider: Decider<Command, Event, State, Reason>, stored: ReadonlyMap<string, Stored<State>>) {
    this.#decider = decider
    this.#stored = stored
  }

  current(id: string): Stored<State> {
    return this.#changed.get(id) ?? this.#stored.get(id) ?? { version: 0, state: this.#decider.initial }
  }

  /** Decides without keeping anything: the caller may still drop it. */
  consider(id: string, command: Command): Decided<Event, State> | Refusal<Reason> {
    const { version, state } = this.current(id)
    const events = this.#decider.decide(command, state)
    if (isRefusal(events)) return events
    return { version: version + events.length, state: fold(this.#decider.evolve, state, events), events }
  }

  /** Keeps what `consider` returned, with the events that other rooms' answers add behind it. */
  keep(id: string, decided: Decided<Event, State>, added: readonly Event[] = []): Decided<Event, State> {
    const events = added.length === 0 ? decided.events : [...decided.events, ...added]
    const version = decided.version + added.length
    const state = fold(this.#decider.evolve, decided.state, added)
    if (events.length > 0) {
      const before = this.#changed.get(id)?.events ?? []
      this.#changed.set(id, { id, version, state, events: before.length === 0 ? events : [...before, ...events] })
    }
    return { version, state, events }
  }

  get changes(): readonly Change<Event, State>[] {
    return [...this.#changed.values()]
  }
}
