/** `/v1/policies`: what the shop weighs when it sources, version by version, and what shadows would have done. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Instant } from '../kernel/ids.ts'
import { type FieldProblem, Problem } from '../kernel/problem.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, type Role } from '../platform/http/policy.ts'
import { commonProblems, type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { policyNamePattern, policyOf, policySchema, type PolicyText } from '../sourcing/contract.ts'
import type { Policies } from './policies-service.ts'
import type { PolicyRepository, ShadowSums } from './policies-store.ts'
import { invalid, type PolicyCommand, type PolicyHistory, type PolicyReason, type PolicyVersion } from './policy-life.ts'

export type PolicyDoors = Readonly<{
  policies: Policies
  repository: Pick<PolicyRepository, 'shadowSums'>
  /** Whether there is such a warehouse: a misspelt one in a filter would shut everything out. */
  isWarehouse: (id: string) => boolean
  now: () => Instant
}>

export const policyProblems: ProblemTable<PolicyReason> = {
  policy_invalid: { status: 422, title: 'Policy makes no sense' },
  policy_not_found: { status: 404, title: 'No such policy' },
  policy_versions_full: { status: 409, title: 'Too many versions' },
  policy_step_not_allowed: { status: 409, title: 'Policy cannot go there now' },
  policy_no_predecessor: { status: 409, title: 'Nothing to roll back to' },
}
const problems = { ...commonProblems, ...policyProblems }

const owners: readonly Role[] = ['owner', 'service']
const closed = { additionalProperties: false } as const
const name = Type.String({ pattern: policyNamePattern })
const Draft = Type.Object(
  {
    ...policySchema.properties,
    from: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z][A-Za-z0-9-]{0,39}(@[1-9][0-9]{0,5})?$',
        description: 'a policy to copy, its newest version where none is named: what is said beside it replaces its parts',
      }),
    ),
  },
  closed,
)
const NameParams = Type.Object({ name })
const VersionParams = Type.Object({ name, version: Type.Integer({ minimum: 1, maximum: 999_999 }) })

const versionView = (policy: string, { body, stage, ...version }: PolicyVersion, shadow: ShadowSums | undefined) => {
  const { weights, allow, limits, filters, ladder, priority, when, mergeOrders = false } = policyOf(body, version.version)
  return {
    id: `${policy}@${version.version}`,
    ...version,
    state: stage,
    priority,
    weights,
    allow,
    limits,
    filters,
    ...(ladder === null ? {} : { ladder }),
    when,
    mergeOrders,
    ...(shadow === undefined ? {} : { shadow }),
  }
}

const unknownWarehouses = (body: PolicyText, isWarehouse: (id: string) => boolean): FieldProblem[] => {
  const filters = [
    ['/filters', body.filters] as const,
    ...(body.ladder ?? []).map((step, index) => [`/ladder/${index}/filters`, step.filters] as const),
  ]
  return filters.flatMap(([at, named]) =>
    (['warehouses', 'exceptWarehouses'] as const).flatMap((list) =>
      (named?.[list] ?? []).flatMap((id, index): FieldProblem[] => {
        const detail = `there is no warehouse ${id}: GET /v1/warehouses lists them`
        return isWarehouse(id) ? [] : [{ pointer: `${at}/${list}/${index}`, code: 'warehouse_unknown', detail }]
      }),
    ),
  )
}

const steps = {
  shadow: { summary: 'Let a version decide beside the live one, only counted', operation: 'policy-shadow' },
  live: { summary: 'Let a version decide; the one that was live is retired', operation: 'policy-live' },
  'roll-back': { summary: 'Retire a live version and bring back the one before', operation: 'policy-roll-back' },
  retire: { summary: 'Take a version out of use', operation: 'policy-retire' },
} as const

export const policyRoutes =
  ({ policies, repository, isWarehouse, now }: PolicyDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const find = async (wanted: string): Promise<PolicyHistory> => {
      const found = (await policies.read()).find((each) => each.name === wanted)
      if (found !== undefined) return found
      throw new Problem(
        'policy_not_found',
        policyProblems.policy_not_found,
        `There is no policy ${wanted}: GET /v1/policies lists them.`,
      )
    }
    const view = async (history: PolicyHistory) => {
      const ids = history.versions.map(({ version }) => `${history.name}@${version}`)
      const sums = await repository.shadowSums(ids)
      return {
        name: history.name,
        versions: history.versions.map((version) =>
          versionView(history.name, version, sums.get(`${history.name}@${version.version}`)),
        ),
      }
    }
    /** The body with what `from` names filled in where the body itself is silent. */
    const textOf = async ({ from, ...body }: PolicyText & { from?: string }): Promise<PolicyText> => {
      if (from === undefined) return body
      const [wanted = '', number] = from.split('@')
      const { versions } = await find(wanted)
      const found = number === undefined ? versions.at(-1) : versions.find(({ version }) => version === Number(number))
      if (found !== undefined) return { ...found.body, ...body }
      throw new Problem(
        'policy_not_found',
        policyProblems.policy_not_found,
        `There is no policy ${from}: GET /v1/policies/${wanted} lists its versions.`,
      )
    }
    const handle = async (request: FastifyRequest, operation: string, command: DistributiveOmit<PolicyCommand, 'by' | 'at'>) => {
      const key = requiredKey(request, operation, now())
      const origin = actor(request)
      const { state } = unlessRefused(await policies.handle({ ...command, by: origin.actor }, origin, key), problems)
      return view(state.versions.length === 0 ? await find(command.name) : state)
    }

    edge.get(
      '/v1/policies',
      { schema: { summary: 'Sourcing policies and what is live', tags: ['policies'] }, config: { policy: { roles: owners } } },
      async () => ({
        data: (await policies.read()).map(({ name: policy, versions }) => ({
          name: policy,
          live: versions.find(({ stage }) => stage === 'live')?.version ?? null,
          versions: versions.map(({ version, stage, used, changedAt }) => ({ version, state: stage, used, changedAt })),
        })),
      }),
    )
    edge.get(
      '/v1/policies/:name',
      {
        schema: { summary: 'A policy, all versions, with the figures of shadows', tags: ['policies'], params: NameParams },
        config: { policy: { roles: owners } },
      },
      async ({ params }) => view(await find(params.name)),
    )
    edge.post(
      '/v1/policies',
      {
        schema: { summary: 'Make the next version of a policy, as a draft', tags: ['policies'], body: Draft },
        config: { policy: { roles: owners } },
      },
      async (request, reply) => {
        const body = await textOf(request.body)
        const errors = unknownWarehouses(body, isWarehouse)
        if (errors.length > 0) unlessRefused(invalid(errors), problems)
        reply.code(201)
        return handle(request, 'policy-draft', { do: 'draft', name: body.name, body })
      },
    )
    for (const [step, { summary, operation }] of Object.entries(steps) as [keyof typeof steps, (typeof steps)['live']][]) {
      edge.post(
        `/v1/policies/:name/versions/:version/${step}`,
        { schema: { summary, tags: ['policies'], params: VersionParams }, config: { policy: { roles: owners } } },
        (request) => {
          const { name: policy, version } = request.params
          const at = { name: policy, version }
          if (step === 'roll-back') return handle(request, `${operation}:${policy}@${version}`, { do: 'rollBack', ...at })
          const to = step === 'retire' ? 'retired' : step
          return handle(request, `${operation}:${policy}@${version}`, { do: 'move', to, ...at })
        },
      )
    }
  }

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never
