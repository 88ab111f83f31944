import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the second quarter', () => {
  it('break no promise', { timeout: 590_000 }, ({ signal }) => assertSeeds({ first: 1_251, count: 1_250 }, signal))
})
