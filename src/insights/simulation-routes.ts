/** `/v1/simulations`: what-if questions as jobs with progress. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { type FieldProblem, Problem } from '../kernel/problem.ts'
import type { Instant } from '../kernel/ids.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, type Policy as Admission } from '../platform/http/policy.ts'
import { type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { type Network, parsePolicy, type Policy, policySchema } from '../sourcing/contract.ts'
import { changeNetwork, networkChangeSchema } from './simulation-network.ts'
import { type NetworkSeen, policiesDefault, policiesMax, rangeSchema, stockSchema } from './simulation-question.ts'
import type { Simulations } from './simulation-service.ts'
import type { JobRow, SimulationStore } from './simulation-store.ts'

export type SimulationDoors = Readonly<{
  simulations: Simulations
  store: Pick<SimulationStore, 'get' | 'list'>
  /** By `name` (its newest version) or `name@version`. */
  policyNamed: (name: string) => Promise<Policy | undefined>
  network: () => Promise<NetworkSeen>
  faultsOf: (network: Network) => readonly FieldProblem[]
  now: () => Instant
}>

const problems: ProblemTable<'simulations_full' | 'simulation_invalid' | 'simulation_not_found' | 'simulation_over'> = {
  simulations_full: { status: 409, title: 'Too many simulations wait' },
  simulation_invalid: { status: 422, title: 'The simulation makes no sense' },
  simulation_not_found: { status: 404, title: 'No such simulation' },
  simulation_over: { status: 409, title: 'The simulation is over' },
}

const owners: Admission = { roles: ['owner', 'service'] }
const closed = { additionalProperties: false } as const
const tags = ['simulations']
const policyName = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9-]{0,39}(@[1-9][0-9]{0,5})?$' })
const Question = Type.Object(
  {
    policies: Type.Optional(
      Type.Array(Type.Union([policyName, policySchema]), {
        minItems: 1,
        maxItems: policiesMax,
        description: 'by name, or whole; the others are compared with the first',
      }),
    ),
    orders: rangeSchema,
    network: Type.Optional(networkChangeSchema),
    stock: Type.Optional(stockSchema),
  },
  closed,
)
const uuid = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'
const Params = Type.Object({ id: Type.String({ pattern: uuid }) })

const viewOf = ({ id, status, question, done, total, error, ...when }: JobRow) => ({
  id,
  status,
  progress: { done, total },
  policies: question.policies.map((policy) => policy.id),
  orders: question.orders,
  ...(question.network === undefined ? {} : { network: question.network }),
  ...(question.stock === undefined ? {} : { stock: question.stock }),
  ...when,
  ...(error === null ? {} : { error }),
})

export const simulationRoutes =
  ({ simulations, store, policyNamed, network, faultsOf, now }: SimulationDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const find = async (id: string) => {
      const found = await store.get(id.toLowerCase())
      if (found !== undefined) return found
      throw new Problem(
        'simulation_not_found',
        problems.simulation_not_found,
        `There is no simulation ${id}: GET /v1/simulations lists those that are kept.`,
      )
    }
    const policiesOf = async (asked: readonly unknown[]): Promise<Readonly<{ policies: Policy[]; errors: FieldProblem[] }>> => {
      const policies: Policy[] = []
      const errors: FieldProblem[] = []
      for (const [index, each] of asked.entries()) {
        const at = `/policies/${index}`
        if (typeof each === 'string') {
          const policy = await policyNamed(each)
          const detail = `there is no policy ${each}: GET /v1/policies lists them`
          if (policy === undefined) errors.push({ pointer: at, code: 'policy_not_found', detail })
          else policies.push(policy)
          continue
        }
        const parsed = parsePolicy(each, 1)
        if ('errors' in parsed) errors.push(...parsed.errors.map((error) => ({ ...error, pointer: `${at}${error.pointer}` })))
        // Another name than a version of the shop's could have, so that figures are not taken for that one's.
        else policies.push({ ...parsed.policy, id: parsed.policy.name })
      }
      const twice = policies.findIndex(({ id }, index) => policies.findIndex((other) => other.id === id) !== index)
      const detail = `${policies[twice]?.id} is there twice: leave it out, or give it another name`
      if (twice >= 0 && errors.length === 0) errors.push({ pointer: `/policies/${twice}`, code: 'duplicate', detail })
      return { policies, errors }
    }

    edge.post(
      '/v1/simulations',
      {
        schema: { summary: 'Send past orders under other policies, another network or stock: what if?', tags, body: Question },
        config: { policy: owners },
      },
      async (request, reply) => {
        const key = requiredKey(request, 'simulation', now())
        const { policies: named = policiesDefault, orders, network: change, stock } = request.body
        const { policies, errors } = await policiesOf(named)
        if ('from' in orders && orders.from !== undefined && orders.to !== undefined && orders.from > orders.to)
          errors.push({ pointer: '/orders/from', code: 'range_invalid', detail: '`from` lies after `to`: swap them' })
        const changed = change === undefined ? undefined : changeNetwork((await network()).network, change, faultsOf)
        if (changed !== undefined && 'errors' in changed)
          errors.push(...changed.errors.map((error) => ({ ...error, pointer: `/network${error.pointer}` })))
        if (errors.length > 0)
          throw new Problem(
            'simulation_invalid',
            problems.simulation_invalid,
            errors.map(({ pointer, detail }) => `${pointer}: ${detail ?? ''}`).join('; '),
            { errors },
          )
        const question = { policies, orders, network: change, stock }
        const { id } = unlessRefused(await simulations.ask(question, actor(request).actor, key), problems)
        return reply
          .code(202)
          .header('location', `/v1/simulations/${id}`)
          .send(viewOf(await find(id)))
      },
    )
    edge.get(
      '/v1/simulations',
      { schema: { summary: 'Simulations, newest first', tags }, config: { policy: owners } },
      async () => ({
        data: (await store.list()).map(viewOf),
      }),
    )
    edge.get(
      '/v1/simulations/:id',
      { schema: { summary: 'A simulation: how far it is, and what came out', tags, params: Params }, config: { policy: owners } },
      async ({ params: { id } }) => {
        const { result, ...job } = await find(id)
        return { ...viewOf(job), ...(result === null ? {} : { result }) }
      },
    )
    edge.post(
      '/v1/simulations/:id/cancel',
      { schema: { summary: 'Cancel a simulation that waits or runs', tags, params: Params }, config: { policy: owners } },
      async ({ params: { id } }) => {
        const before = await find(id)
        if (!(await simulations.cancel(before.id)) && before.status !== 'cancelled')
          throw new Problem('simulation_over', problems.simulation_over, 'It has ended: there is nothing left to cancel.')
        const { result: _, ...job } = await find(id)
        return viewOf(job)
      },
    )
  }
