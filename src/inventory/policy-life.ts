/**
 * The life of a policy: draft → shadow → live → retired, and back to the version before. A version's body never changes;
 * a change is a new version. One stream a name, so that what is live changes hands in one step. Pure.
 */
import { type Decider, type Refusal, refuse } from '../kernel/decider.ts'
import type { FieldProblem } from '../kernel/problem.ts'
import type { Instant } from '../kernel/ids.ts'
import { liveFromTheStart, parsePolicy, presetText, type PolicyText } from '../sourcing/contract.ts'

export type PolicyStage = 'draft' | 'shadow' | 'live' | 'retired'
export type PolicyVersion = Readonly<{
  version: number
  body: PolicyText
  stage: PolicyStage
  /** It was a shadow or live once: decisions may name it, so it is kept for ever. */
  used: boolean
  createdAt: Instant
  createdBy: string
  changedAt: Instant
  changedBy: string
}>
/** All versions of one name, the oldest first. Before anything happened to it, a preset's name has no version here. */
export type PolicyHistory = Readonly<{ name: string; versions: readonly PolicyVersion[] }>
export type PolicyEvent = Readonly<{
  type: 'PolicyChanged'
  policy: string
  version: number
  to: PolicyStage
  by: string
  at: Instant
  /** With a version's first event. */
  body?: PolicyText
}>
export type PolicyCommand = Readonly<
  | { do: 'draft'; name: string; body: unknown; by: string; at: Instant }
  | { do: 'move'; name: string; version: number; to: 'shadow' | 'live' | 'retired'; by: string; at: Instant }
  | { do: 'rollBack'; name: string; version: number; by: string; at: Instant }
>
export type PolicyReason =
  | 'policy_invalid'
  | 'policy_not_found'
  | 'policy_versions_full'
  | 'policy_step_not_allowed'
  | 'policy_no_predecessor'

/** All versions of a name are one row, read whole; a body is about a kilobyte. */
const versionsMax = 200
const initial: PolicyHistory = { name: '', versions: [] }

const decide = (command: PolicyCommand, { versions }: PolicyHistory): readonly PolicyEvent[] | Refusal<PolicyReason> => {
  const { name, by, at } = command
  // The first thing that happens to a preset writes it down, so that the stream holds all that is needed to fold it.
  const start = versions.length === 0 ? presetEvents(name, at) : []
  const known = start.reduce(evolve, { name, versions }).versions
  const change = (version: number, to: PolicyStage): PolicyEvent => ({ type: 'PolicyChanged', policy: name, version, to, by, at })
  switch (command.do) {
    case 'draft': {
      const version = (known.at(-1)?.version ?? 0) + 1
      if (version > versionsMax)
        return refuse('policy_versions_full', `${name} has ${versionsMax} versions, as many as are kept: go on under another name`)
      const parsed = parsePolicy(command.body, version)
      if ('errors' in parsed) return invalid(parsed.errors)
      return [...start, { ...change(version, 'draft'), body: parsed.text }]
    }
    case 'move': {
      const current = known.find(({ version }) => version === command.version)
      if (current === undefined) return unknown(name, command.version)
      if (current.stage === command.to) return []
      if (command.to === 'shadow' && current.stage === 'live')
        return refuse(
          'policy_step_not_allowed',
          `${name}@${current.version} is live: retire it, or roll it back, before it runs in shadow`,
          { state: current.stage },
        )
      const before = command.to === 'live' ? known.filter(({ stage }) => stage === 'live') : []
      return [...start, ...before.map(({ version }) => change(version, 'retired')), change(current.version, command.to)]
    }
    case 'rollBack': {
      const current = known.find(({ version }) => version === command.version)
      if (current === undefined) return unknown(name, command.version)
      if (current.stage !== 'live')
        return refuse(
          'policy_step_not_allowed',
          `${name}@${current.version} is ${current.stage}: only what is live can be rolled back`,
          {
            state: current.stage,
          },
        )
      const before = known.findLast(({ version, used, stage }) => version < current.version && used && stage === 'retired')
      if (before === undefined)
        return refuse(
          'policy_no_predecessor',
          `no version before ${name}@${current.version} was in use: retire it instead, or make another one live`,
        )
      return [...start, change(current.version, 'retired'), change(before.version, 'live')]
    }
  }
}

const presetEvents = (name: string, at: Instant): PolicyEvent[] => {
  const body = presetText(name)
  if (body === undefined) return []
  return [{ type: 'PolicyChanged', policy: name, version: 1, to: stageOfPreset(name), by: 'waybill', at, body }]
}
const stageOfPreset = (name: string): PolicyStage => (liveFromTheStart.includes(name) ? 'live' : 'draft')

/** A preset that nothing has happened to yet. */
export const presetHistory = (name: string, at: Instant): PolicyHistory =>
  presetEvents(name, at).reduce(evolve, { name, versions: [] })

const unknown = (name: string, version: number): Refusal<PolicyReason> =>
  refuse('policy_not_found', `there is no policy ${name}@${version}: GET /v1/policies lists them`)
export const invalid = (errors: readonly FieldProblem[]): Refusal<PolicyReason> =>
  refuse('policy_invalid', errors.map(({ pointer, detail }) => `${pointer === '' ? '/' : pointer}: ${detail}`).join('; '), {
    errors,
  })

const evolve = (state: PolicyHistory, { policy, version, to, by, at, body }: PolicyEvent): PolicyHistory => {
  const changed = { stage: to, changedAt: at, changedBy: by }
  const used = to === 'shadow' || to === 'live'
  if (body !== undefined) {
    const made: PolicyVersion = { version, body, used, createdAt: at, createdBy: by, ...changed }
    return { name: policy, versions: [...state.versions, made] }
  }
  return {
    name: policy,
    versions: state.versions.map((each) => (each.version === version ? { ...each, ...changed, used: each.used || used } : each)),
  }
}

export const policyDecider: Decider<PolicyCommand, PolicyEvent, PolicyHistory, PolicyReason> = { initial, decide, evolve }
