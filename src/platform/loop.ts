/** How busy this process is: one thread does all its work. */
import { performance } from 'node:perf_hooks'

/** @param leastMs of time that is looked back at, so that who asks often gets no accident. @returns the share of it for which the event loop was at work, from 0 to 1. */
export const loopBusy = (leastMs = 0): (() => number) => {
  let since = performance.eventLoopUtilization()
  let share = 0
  return () => {
    const { active, idle, utilization } = performance.eventLoopUtilization(since)
    if (active + idle < leastMs) return share
    since = performance.eventLoopUtilization()
    share = utilization
    return share
  }
}
