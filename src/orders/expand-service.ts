/** What `?expand=` adds to an order: its events, C6's `changeHistory`, its notes. Each costs a read, so each is asked for. */
import type { Envelope } from '../kernel/event.ts'
import { Problem } from '../kernel/problem.ts'
import type { JournalReader } from '../platform/bus/journal.ts'
import type { Records } from '../platform/records/records.ts'
import type { OrderRead } from './reads-service.ts'

const known = ['events', 'changeHistory', 'notes'] as const
type Expansion = (typeof known)[number]
const isKnown = (name: string): name is Expansion => known.some((expansion) => expansion === name)

export const expansionsOf = (asked: string | undefined): readonly Expansion[] =>
  (asked ?? '').split(',').flatMap((name): Expansion[] => {
    if (name === '') return []
    if (isKnown(name)) return [name]
    throw new Problem(
      'expand_unknown',
      { status: 400, title: 'Nothing to expand by that name' },
      `expand takes ${known.join(', ')}, not ${name}.`,
      {
        errors: [{ pointer: '/expand', code: 'invalid' }],
      },
    )
  })

export const expanded = async (
  read: OrderRead,
  asked: readonly Expansion[],
  journal: JournalReader,
  records: Records,
): Promise<Record<string, unknown>> => {
  const history = asked.includes('events') || asked.includes('changeHistory') ? await journal.history(read.id) : []
  const people = asked.includes('notes') ? await records.people(read.order.progress.notes) : new Map<string, unknown>()
  return {
    ...(asked.includes('events') ? { events: history } : {}),
    ...(asked.includes('changeHistory') ? { changeHistory: history.map(changeLine) } : {}),
    ...(asked.includes('notes') ? { internalNotes: [...people.values()] } : {}),
  }
}

/** One readable line an event: when, what, who. */
const changeLine = ({ at, event, actor }: Envelope): string => `${at} ${event.type} by ${actor}`
