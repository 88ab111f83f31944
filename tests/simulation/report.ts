/** What is told of a seed that failed: what was broken, the fewest operations that break it too, and how to run it again. */
import { type Operation, told } from './operations.ts'
import { type Run, simulate } from './simulate.ts'

/** Runs that shortening may take: some seconds. */
const triesMax = 150

/** Leaves out one operation after the other as long as the same promise is broken without it. */
export const shortened = async ({ seed, whole, operations, violations }: Run): Promise<readonly Operation[]> => {
  const broken = new Set(violations.map(({ check }) => check))
  let least = operations
  let tries = 0
  for (const operation of operations.toReversed()) {
    if (++tries > triesMax) break
    const fewer = least.filter(({ id }) => id !== operation.id)
    const again = await simulate(seed, { whole, operations: fewer })
    if (again.violations.some(({ check }) => broken.has(check))) least = fewer
  }
  return least
}

/** @param words what else the command needs. */
export const report = async (run: Run, words = ''): Promise<string> => {
  const { seed, whole, violations } = run
  const least = await shortened(run)
  return [
    `seed ${seed} breaks ${[...new Set(violations.map(({ check }) => check))].join(', ')}`,
    ...violations.slice(0, 8).map(({ check, what }) => `  ${check}: ${what}`),
    `  ${least.length} of ${run.operations.length} operations are enough:`,
    ...least.map((operation) => `    ${told(operation)}`),
    `  run it again, with its trace: node tests/simulation/run.ts --seed ${seed}${words}${whole ? ' --whole' : ''} --trace`,
  ].join('\n')
}
