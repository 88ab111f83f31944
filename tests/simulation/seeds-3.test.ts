import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the third quarter', () => {
  it('break no promise', { timeout: 590_000 }, () => assertSeeds(2_501, 1_250))
})
