import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the second quarter', () => {
  it('break no promise', { timeout: 590_000 }, () => assertSeeds(1_251, 1_250))
})
