/** Events that were handed on in the process that wrote them, as reactions got them, for comparing with the journal's own. */
import type { Envelope } from '../../src/kernel/event.ts'
import { type Mentioned, RecentEvents } from '../../src/platform/bus/recent.ts'

/** Notes them from now on, by position. */
export const noteHandedOn = (): Map<number, Envelope> => {
  const noted = new Map<number, Envelope>()
  const recent: { take: (mentioned: Mentioned) => Envelope | undefined } = RecentEvents.prototype
  recent.take = new Proxy(recent.take, {
    apply: (take, own, [mentioned]: [Mentioned]) => {
      const envelope = Reflect.apply(take, own, [mentioned])
      if (envelope !== undefined) noted.set(envelope.position, envelope)
      return envelope
    },
  })
  return noted
}
