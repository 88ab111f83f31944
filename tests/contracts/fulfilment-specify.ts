/** Given past events, when a command, then events or a refusal: how deciders are specified. */
import assert from 'node:assert/strict'
import { type Decider, fold, isRefusal } from '../../src/kernel/decider.ts'

export const specify = <Command, Event, State, Reason extends string>({
  initial,
  decide,
  evolve,
}: Decider<Command, Event, State, Reason>) => ({
  given: (...past: readonly Event[]) => {
    const state = fold(evolve, initial, past)
    return {
      when: (command: Command) => {
        const decided = decide(command, state)
        const events = (): readonly Event[] => {
          assert.ok(!isRefusal(decided), `refused: ${JSON.stringify(decided)}`)
          return decided
        }
        return {
          thenEvents: (...expected: readonly Event[]) => assert.deepEqual(events(), expected),
          thenTypes: (...types: readonly string[]) =>
            assert.deepEqual(
              events().map((event) => (event as { type: string }).type),
              types,
            ),
          thenNothing: () => assert.deepEqual(events(), []),
          thenRefused: (reason: Reason) =>
            assert.equal(isRefusal(decided) ? decided.refused : `done: ${JSON.stringify(decided)}`, reason),
        }
      },
    }
  },
})
