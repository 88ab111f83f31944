import type { Instant, StreamId } from './ids.ts'

/** A fact, as the rooms write it: its type, the version of its shape, and a slim body without personal data. */
export type Fact = Readonly<{ type: string }>

/** Who did it, and what caused it: an HTTP request, a task, or another event. */
export type Origin = Readonly<{ actor: string; cause?: string | undefined }>

/** A fact with everything around it, as the journal hands it to a reaction. */
export type Envelope<Body extends Fact = Fact> = Readonly<{
  /** Where it stands in the journal: rises along each stream, never reused. */
  position: number
  stream: StreamId
  /** 1 for a stream's first event, without gaps. */
  version: number
  at: Instant
  actor: string
  cause?: string | undefined
  event: Body
}>
