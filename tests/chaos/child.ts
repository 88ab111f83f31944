/**
 * A round in a process of its own, which ends by force: after connections were cut under it, Node may spin for ever in its
 * own clean-up at the end (seen with 24.21: `Environment::CleanupHandles` waits for a request that nobody will answer).
 */
import { answering } from '../support/apart.ts'
import { type Plan, type Round, runRound } from './round.ts'

export type Asked = Omit<Plan, 'say'>
export type Outcome = Omit<Round, 'evidence'>

answering(
  async (asked: Asked, say): Promise<Outcome> => {
    const { counts, found, history } = await runRound({ ...asked, say })
    return { counts, found, history }
  },
  { byForce: true },
)
