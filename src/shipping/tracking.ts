/**
 * What is known of a parcel's way. News come late, doubled and out of order; the status is a function of the set of news,
 * never of their order: the furthest step, later news within the same step, and an exception only where nothing later is
 * known. Pure.
 */
import type { Instant } from '../kernel/ids.ts'
import type { ParcelStatus } from '../orders/contract.ts'

type Step = Readonly<{ status: ParcelStatus; at: Instant }>
export type Known = Readonly<{
  /** The furthest step. */
  best?: Step
  exceptionAt?: Instant
  /** When deliveries failed, each once. */
  failedAt: readonly Instant[]
}>

export const nothingKnown: Known = { failedAt: [] }

/** How far along the way; equal steps are ordered by time. Exceptions, labels and cancellations are no steps. */
const far: Readonly<Record<ParcelStatus, number>> = {
  label_created: 0,
  cancelled: 0,
  exception: 0,
  picked_up: 1,
  in_transit: 2,
  out_for_delivery: 3,
  ready_for_pickup: 3,
  failed_attempt: 3,
  delivered: 4,
  returned_to_sender: 4,
}
/** Two steps of the same instant: the one that says more. */
const telling: readonly ParcelStatus[] = ['out_for_delivery', 'failed_attempt', 'ready_for_pickup']

export const isEnd = (status: ParcelStatus): boolean => far[status] === 4
/** News that only a carrier who has the parcel can give. */
export const saysCollected = (status: ParcelStatus): boolean => far[status] > 0

/** Attempts kept: no carrier tries more often, and a state stays small. */
const attemptsKept = 50

export const learn = (known: Known, { status, at }: Step): Known => {
  if (status === 'exception') {
    const later = known.exceptionAt === undefined || at > known.exceptionAt
    return later ? { ...known, exceptionAt: at } : known
  }
  if (!saysCollected(status)) return known
  const failed = status === 'failed_attempt' && !known.failedAt.includes(at) && known.failedAt.length < attemptsKept
  const failedAt = failed ? [...known.failedAt, at] : known.failedAt
  const further = known.best === undefined || isFurther({ status, at }, known.best)
  if (!failed && !further) return known
  return { ...known, failedAt, ...(further ? { best: { status, at } } : {}) }
}

const isFurther = (news: Step, best: Step): boolean => {
  if (far[news.status] !== far[best.status]) return far[news.status] > far[best.status]
  if (isEnd(best.status)) return false
  if (far[news.status] < 3) return news.at < best.at
  if (news.at !== best.at) return news.at > best.at
  return telling.indexOf(news.status) > telling.indexOf(best.status)
}

/** A parcel nobody has collected has its label and no more, whatever went wrong with the collection. */
export const statusOf = ({ best, exceptionAt }: Known): ParcelStatus => {
  if (best === undefined) return 'label_created'
  if (isEnd(best.status) || exceptionAt === undefined || exceptionAt <= best.at) return best.status
  return 'exception'
}

/** Requirement C6: deliveries that failed, and the one that did not. */
export const attemptsOf = ({ best, failedAt }: Known): number => failedAt.length + (best?.status === 'delivered' ? 1 : 0)
