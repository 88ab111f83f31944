/** I7, I9: when all is well again, whatever was accepted has ended, waits for somebody, or is shown with a reason; and nothing told was told twice. */
import { type Checker, type Found, finding, groupBy } from './checker.ts'

/** I7: half a minute is what nobody may be waited for. */
const silentMaxSeconds = 30

export const endings: Checker = ({ final }) => {
  const shown = groupBy(final.stuck, ({ orderId }) => orderId)
  const found: Found[] = []
  for (const { id, phase, overdueSeconds, ttlSeconds } of final.orders) {
    if (phase !== 'open') continue
    if (!shown.has(id)) found.push(finding('I7', `order ${id} is open, and nothing says what it waits for`))
    if (ttlSeconds !== null && overdueSeconds > silentMaxSeconds)
      found.push(finding('I11', `order ${id}: its reservation ended ${overdueSeconds.toFixed(0)} s ago`))
  }
  for (const { ref, reason, detail, waitsFor, ageSeconds } of final.stuck)
    if (waitsFor === 'system' && ageSeconds > silentMaxSeconds)
      found.push(finding('I7', `${ref} has waited ${ageSeconds} s for nobody: ${reason}: ${detail}`))
  if (final.behind.events > 0) found.push(finding('I9', `${final.behind.events} events were not reacted to`))
  if (final.behind.tasks > 0) found.push(finding('I7', `${final.behind.tasks} tasks are overdue`))
  return found
}

/** The effects of three reactions, each against the journal: the list, the messages, the payments. */
export const effects: Checker = ({ final }) => {
  const placed = final.events.flatMap(({ type, stream }) => (type === 'OrderPlaced' ? [stream] : []))
  const listed = groupBy(final.listed, (id) => id)
  const found: Found[] = []
  for (const id of placed) if (!listed.has(id)) found.push(finding('I9', `order ${id} was placed and is not in the list`))
  for (const [id, rows] of listed) if (rows.length > 1) found.push(finding('I9', `order ${id} is in the list ${rows.length} times`))
  const known = new Set(placed)
  for (const id of listed.keys()) if (!known.has(id)) found.push(finding('I9', `order ${id} is in the list and was never placed`))
  const told = groupBy(final.messages, ({ order, kind, subject }) => `${order}\n${kind}\n${subject}`)
  for (const rows of told.values()) {
    const [{ order, kind, subject }] = rows as [(typeof rows)[number]]
    if (rows.length > 1) found.push(finding('I9', `order ${order}: "${kind}" about ${subject} was written ${rows.length} times`))
    for (const { mails, status } of rows) {
      if (mails > 1) found.push(finding('I9', `order ${order}: "${kind}" was sent ${mails} times`))
      if (mails === 0 && status === 'SENT') found.push(finding('I9', `order ${order}: "${kind}" is said to be sent and was not`))
      if (status === 'PENDING') found.push(finding('I9', `order ${order}: "${kind}" was not sent`))
    }
  }
  const welcomed = new Set(final.messages.flatMap(({ order, kind }) => (kind === 'placed by email' ? [order] : [])))
  for (const id of placed) if (!welcomed.has(id)) found.push(finding('I9', `order ${id}: nobody was told that it was accepted`))
  return found
}

/** What has no name above: an answer that must not be, an end that nobody asked for, a difference between two rooms. */
export const unexplained: Checker = ({ entries, final }) => [
  ...entries.flatMap((entry) =>
    entry.kind === 'info' && entry.status === 500
      ? [finding('answers', `${entry.process}: ${entry.does} "${entry.key}" was answered with 500 ${entry.why} at ${entry.at} ms`)]
      : [],
  ),
  ...entries.flatMap((entry) =>
    entry.kind === 'fail' && !isExpected(entry.does, entry.code)
      ? [
          finding(
            'answers',
            `${entry.process}: ${entry.does} "${entry.key}" was answered with ${entry.status} ${entry.code} at ${entry.at} ms`,
          ),
        ]
      : [],
  ),
  ...final.endings.map((how) => finding('endings', `Waybill ended by itself: ${how}`)),
  ...final.verified.map((difference) => finding('verify', difference)),
]

/** The business said no, and it may. */
const refusals: Readonly<Record<string, readonly string[]>> = {
  place: ['insufficient_stock', 'idempotency_key_reused'],
  'ask again': ['insufficient_stock'],
  cancel: ['order_not_cancellable'],
  receive: [],
  pick: ['step_not_possible', 'fulfilment_held', 'quantity_exceeds_open'],
  pack: ['step_not_possible', 'fulfilment_held', 'units_not_picked'],
  send: ['step_not_possible'],
  arrive: ['step_not_possible'],
  announce: ['quantity_exceeds_returnable', 'order_not_found'],
  'take back': ['return_not_open', 'refund_exceeds_captured'],
}
const isExpected = (does: string, code: string): boolean => (refusals[does] ?? []).includes(code)
