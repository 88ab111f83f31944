/**
 * A round in a process of its own, which ends by force: after connections were cut under it, Node may spin for ever in its
 * own clean-up at the end (seen with 24.21: `Environment::CleanupHandles` waits for a request that nobody will answer).
 */
import { type Plan, type Round, runRound } from './round.ts'

export type Asked = Omit<Plan, 'say'>
export type Told = Readonly<{ line: string } | { round: Omit<Round, 'evidence'> }>

const tell = (told: Told): Promise<void> =>
  new Promise((resolve, reject) => process.send?.(told, (fault: Error | null) => (fault === null ? resolve() : reject(fault))))

// Whoever asked is gone: what the round started is stopped in order.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.once('message', (asked: Asked) => {
  void runRound({ ...asked, say: (line) => void tell({ line }) })
    .then(({ counts, found, history }) => tell({ round: { counts, found, history } }))
    .then(() => process.exit(0))
})
