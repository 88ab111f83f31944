/** How a process of ours ends: once, in order, and never later than the one that started it. */

/** Beyond this a stop is stuck; ending hard is better than holding a deployment up. PostgreSQL and our ledger survive it. */
const stopMaxMs = 30_000
const parentCheckMs = 500

/** Taken as early as possible: a parent that is gone before we look could not be noticed any more. */
const parentAtStart = process.ppid

/**
 * Runs `stop` on the first SIGINT, SIGTERM or SIGHUP, and when the parent is gone (where `WAYBILL_WATCH_PARENT=1`, which
 * `scripts/run.mjs` sets), then ends the process. Signals come twice, from the terminal's group and from a wrapper: the
 * later ones do nothing new. Returns a function that takes the watch off again.
 */
export const onStop = (stop: (reason: string) => Promise<void>): (() => void) => {
  let stopping = false
  const end = (reason: string): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => finish(1, `still not stopped after ${stopMaxMs / 1000} s: ending`), stopMaxMs).unref()
    stop(reason).then(
      () => finish(0),
      (error: unknown) =>
        finish(1, `could not stop in order: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    )
  }
  const onSignal = (signal: NodeJS.Signals): void => end(signal)
  for (const signal of stopSignals) process.on(signal, onSignal)
  const timer =
    process.env['WAYBILL_WATCH_PARENT'] === '1' ? setInterval(() => isOrphan() && end('parent gone'), parentCheckMs) : undefined
  timer?.unref()
  return () => {
    for (const signal of stopSignals) process.off(signal, onSignal)
    clearInterval(timer)
  }
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[]

const isOrphan = (): boolean => process.ppid !== parentAtStart

const finish = (code: number, complaint?: string): void => {
  if (complaint !== undefined) process.stderr.write(`waybill: ${complaint}\n`)
  process.exit(code)
}
