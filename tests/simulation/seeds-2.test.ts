import { describe, it } from 'node:test'
import { assertSeeds } from './seeds.ts'

describe('Simulated, seeds of the second half', () => {
  it('break no promise', { timeout: 900_000 }, () => assertSeeds(2_501, 2_500))
})
