/** The task that sends one notification. */
import type { OrderId } from '../kernel/ids.ts'
import { newId } from '../platform/ids.ts'
import type { Task } from '../platform/records/records.ts'
import type { Work } from '../platform/store/work.ts'

export const sendKind = 'notification.send'

export const sendTask = (row: Readonly<{ id: string; order: OrderId }>, { now }: Pick<Work, 'now'>): Task => ({
  id: newId(now),
  kind: sendKind,
  key: row.order,
  dueAt: now,
  body: { notification: row.id },
})
