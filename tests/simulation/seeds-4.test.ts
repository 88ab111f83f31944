import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the fourth quarter', () => {
  it('break no promise', { timeout: 590_000 }, () => assertSeeds(3_751, 1_250))
})
