import { describe, it } from 'node:test'
import assert from 'node:assert/strict'
import { isRefusal } from '../kernel/decider.ts'
import type { Instant } from '../kernel/ids.ts'
import { type PolicyCommand, policyDecider, type PolicyEvent, type PolicyHistory } from './policy-life.ts'

const at = '2026-11-24T09:00:00.000Z' as Instant
const by = 'owner:ada'
const draft = (name: string, body: Readonly<Record<string, unknown>> = {}): PolicyCommand => ({
  do: 'draft',
  name,
  body: { name, ...body },
  by,
  at,
})
const move = (name: string, version: number, to: 'shadow' | 'live' | 'retired'): PolicyCommand => ({
  do: 'move',
  name,
  version,
  to,
  by,
  at,
})
const back = (name: string, version: number): PolicyCommand => ({ do: 'rollBack', name, version, by, at })

/** Folds the events of each command, and says the last outcome. */
const play = (...commands: PolicyCommand[]) => {
  let state: PolicyHistory = policyDecider.initial
  let last: readonly string[] = []
  const all: PolicyEvent[] = []
  for (const command of commands) {
    const events = policyDecider.decide(command, state)
    if (isRefusal(events)) {
      last = [events.refused]
      continue
    }
    last = events.map(({ version, to }) => `${version} ${to}`)
    all.push(...events)
    state = events.reduce(policyDecider.evolve, state)
  }
  return { last, state, all, stages: state.versions.map(({ stage }) => stage).join() }
}

describe('The life of a policy', () => {
  it('goes from draft to shadow to live', () => {
    const { stages, state } = play(draft('own'), move('own', 1, 'shadow'), move('own', 1, 'live'))
    assert.equal(stages, 'live')
    assert.deepEqual(state.versions[0], {
      version: 1,
      body: { name: 'own' },
      stage: 'live',
      used: true,
      createdAt: at,
      createdBy: by,
      changedAt: at,
      changedBy: by,
    })
  })
  it('makes a new version of each change and never changes one', () => {
    const { state, last } = play(draft('own'), move('own', 1, 'live'), draft('own', { priority: 3 }))
    assert.deepEqual(last, ['2 draft'])
    assert.deepEqual(
      state.versions.map(({ body }) => body),
      [{ name: 'own' }, { name: 'own', priority: 3 }],
    )
  })
  it('retires the live version when another one goes live', () =>
    assert.deepEqual(play(draft('own'), move('own', 1, 'live'), draft('own', { priority: 3 }), move('own', 2, 'live')).last, [
      '1 retired',
      '2 live',
    ]))
  it('rolls back to the version before', () => {
    const twice = [draft('own'), move('own', 1, 'live'), draft('own', { priority: 3 }), move('own', 2, 'live')]
    assert.deepEqual(play(...twice, back('own', 2)).last, ['2 retired', '1 live'])
    assert.deepEqual(play(...twice, back('own', 1)).last, ['policy_step_not_allowed'])
  })
  it('has nothing to roll back to where no version before was in use', () =>
    assert.deepEqual(play(draft('own'), draft('own', { priority: 3 }), move('own', 2, 'live'), back('own', 2)).last, [
      'policy_no_predecessor',
    ]))
  it('does not put a live version into shadow', () =>
    assert.deepEqual(play(draft('own'), move('own', 1, 'live'), move('own', 1, 'shadow')).last, ['policy_step_not_allowed']))
  it('does nothing when it is where it should be', () =>
    assert.deepEqual(play(draft('own'), move('own', 1, 'live'), move('own', 1, 'live')).last, []))
  it('knows no version that nobody made', () =>
    assert.deepEqual(play(draft('own'), move('own', 2, 'live')).last, ['policy_not_found']))
  it('refuses a draft that makes no sense', () =>
    assert.deepEqual(play(draft('own', { weights: { money: 0 } })).last, ['policy_invalid']))
  it('writes a preset down when something first happens to it', () => {
    const { all, stages } = play(draft('cheapest', { priority: 3 }), move('cheapest', 2, 'live'))
    assert.deepEqual(
      all.map(({ version, to, by: who, body }) => [version, to, who, body !== undefined]),
      [
        [1, 'live', 'waybill', true],
        [2, 'draft', by, true],
        [1, 'retired', by, false],
        [2, 'live', by, false],
      ],
    )
    assert.equal(stages, 'retired,live')
    assert.equal(play(move('closest', 1, 'shadow')).stages, 'shadow')
  })
  it('keeps a bounded number of versions', () => {
    const { last, state } = play(...Array.from({ length: 201 }, () => draft('own')))
    assert.deepEqual([last, state.versions.length], [['policy_versions_full'], 200])
  })
})
