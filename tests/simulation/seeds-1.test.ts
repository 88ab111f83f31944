import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the first half', () => {
  it('break no promise', { timeout: 900_000 }, () => assertSeeds(1, 2_500))
})
