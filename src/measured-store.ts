/** What `/metrics` shows of the heart. */
import type { Engine } from './inventory/engine-service.ts'
import type { Measured } from './platform/http/health-routes.ts'
import type { Database } from './platform/postgres/database.ts'
import type { Placement } from './orders/placement-service.ts'
import type { Promises } from './orders/promise-service.ts'

export const measuredOf = (
  database: Database,
  placement: Placement,
  promises: Promises,
  engine: Pick<Engine, 'seconds'>,
): readonly Measured[] => {
  const count = async (text: string): Promise<number> => (await database.read<{ n: number }>(text))[0]?.n ?? 0
  return [
    {
      name: 'waybill_placements_at_once',
      help: 'Orders placed on remembered levels, in one statement',
      value: () => placement.counts.atOnce,
    },
    { name: 'waybill_placements_locked', help: 'Orders placed under lock', value: () => placement.counts.locked },
    { name: 'waybill_placement_reruns', help: 'Batches whose remembered levels were wrong', value: () => placement.counts.reruns },
    { name: 'waybill_sourcing_seconds', help: 'Time spent deciding which places ship what', value: () => engine.seconds },
    { name: 'waybill_promises_asked', help: 'Promises asked for', value: () => promises.counts.asked },
    { name: 'waybill_promise_reads', help: 'Reads of stock that they shared', value: () => promises.counts.reads },
    {
      name: 'waybill_dead_letters',
      help: 'Events that a reaction gave up on',
      value: () => count('select count(*) as n from platform.parked where dead'),
    },
    {
      name: 'waybill_tasks_waiting',
      help: 'Tasks that are due',
      value: () => count('select count(*) as n from platform.tasks where not dead and due_at <= now()'),
    },
    {
      name: 'waybill_tasks_dead',
      help: 'Tasks that were given up',
      value: () => count('select count(*) as n from platform.tasks where dead'),
    },
    {
      name: 'waybill_outbox_lag_events',
      help: 'Events that the slowest reaction has not passed',
      value: () =>
        count(
          'select greatest(0, coalesce((select max(position) from platform.journal), 0) - coalesce((select min(position) from platform.consumers), 0)) as n',
        ),
    },
  ]
}
