import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the fourth quarter', () => {
  it('break no promise', { timeout: 590_000 }, ({ signal }) => assertSeeds({ first: 3_751, count: 1_250 }, signal))
})
