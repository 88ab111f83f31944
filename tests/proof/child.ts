/**
 * One instrument in a process of its own, told by messages: what it leaves behind (a clock, a handler, a broken socket) is
 * nobody else's, and its end is not the end of the whole proof.
 */
import type { Effort, Outcome } from './instrument.ts'
import { instruments } from './instruments.ts'

export type Asked = Readonly<{ name: string } & Omit<Effort, 'say'>>
export type Told = Readonly<{ line: string } | { outcome: Outcome }>

const tell = (told: Told): Promise<void> =>
  new Promise((resolve, reject) => process.send?.(told, (fault: Error | null) => (fault === null ? resolve() : reject(fault))))

process.once('message', (asked: Asked) => {
  const entry = instruments.find(({ instrument }) => instrument.name === asked.name)
  if (entry === undefined) throw new Error(`there is no instrument ${asked.name}`)
  const { seed, forMs } = asked
  void entry.instrument
    .run({ seed, forMs, say: (line) => void tell({ line }) })
    .then((outcome) => tell({ outcome }))
    // By force: a timer that was forgotten must not hold the proof up.
    .then(() => process.exit(0))
})
