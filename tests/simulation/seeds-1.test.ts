import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the first quarter', () => {
  it('break no promise', { timeout: 590_000 }, ({ signal }) => assertSeeds({ first: 1, count: 1_250 }, signal))
})
