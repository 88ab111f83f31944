/** What `npm run prove` runs, and how its time is shared out: a static list, so that what is left out is seen here. */
import { instrument as chaos } from '../chaos/instrument.ts'
import { instrument as interleavings } from '../interleavings/instrument.ts'
import { instrument as properties } from '../properties/instrument.ts'
import { instrument as simulation } from '../simulation/instrument.ts'
import type { Instrument } from './instrument.ts'

export type Entry = Readonly<{
  instrument: Instrument
  /** Of a hundred parts of the time. */
  share: number
  what: string
}>

/** The simulation finds most a minute; chaos needs minutes to say anything; a round of properties takes half a minute. */
export const instruments: readonly Entry[] = [
  { instrument: properties, share: 12, what: 'rules held against random cases' },
  { instrument: simulation, share: 40, what: 'the whole shop on virtual time, with faults drawn from each seed' },
  { instrument: interleavings, share: 18, what: 'orders of the statements of operations that meet, on PostgreSQL' },
  { instrument: chaos, share: 30, what: 'real processes, killed, stopped, cut off, out of disk, with wrong clocks' },
]
