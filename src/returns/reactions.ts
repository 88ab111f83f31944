/** What returns does when its orders have followed: a return is over when the order has it in its books. */
import type { Envelope, Fact } from '../kernel/event.ts'
import type { OrderEventOf } from '../orders/contract.ts'
import type { Reaction } from '../platform/bus/consumers.ts'
import type { ReturnService } from './service.ts'

const isReturned = (fact: Fact): fact is OrderEventOf<'UnitsReturned'> => fact.type === 'UnitsReturned'
/** Imported history has returns too, which are nobody's work: they are named by their invoice. */
const isOurs = (id: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id)

export const ordersFollowed = (service: ReturnService): Reaction => ({
  name: 'returns.orders',
  on: ['UnitsReturned'],
  react: async (work, envelopes: readonly Envelope[]) => {
    const asked = envelopes.flatMap(({ event, stream, actor, position }) =>
      isReturned(event) && isOurs(event.return)
        ? [
            {
              id: event.return,
              order: stream,
              step: { do: 'settle' as const },
              origin: { actor, cause: `journal:${position}` },
            },
          ]
        : [],
    )
    // A refusal: the order heard of a return that this room never had. There is nothing to close.
    if (asked.length > 0) await service.within(work, asked)
    return envelopes.map(() => 'done')
  },
})
