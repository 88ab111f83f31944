/** Single runs of seeds, in a process of its own. */
import { answering } from '../support/apart.ts'
import { report } from './report.ts'
import { simulate } from './simulate.ts'

export type Asked = readonly Readonly<{ seed: number; whole?: boolean }>[]
export type Answer = readonly Readonly<{ hash: string; broken?: string }>[]

answering(async (asked: Asked): Promise<Answer> => {
  const ran = []
  for (const { seed, whole = false } of asked) {
    const run = await simulate(seed, { whole })
    ran.push({ hash: run.hash, ...(run.violations.length === 0 ? {} : { broken: await report(run) }) })
  }
  return ran
})
