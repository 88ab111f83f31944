/** The group a customer belongs to: the shop's own word about him, by which policies of sourcing may be chosen. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { isRefusal } from '../kernel/decider.ts'
import { actor, office } from '../platform/http/policy.ts'
import { commonProblems, type ProblemTable, unlessRefused } from '../platform/http/refusals.ts'
import { userIdPattern, type UserReason } from './users.ts'
import type { UserOutcome, Users } from './users-service.ts'

const problems: ProblemTable<UserReason> = {
  user_invalid: { status: 400, title: 'The user is not well formed' },
  user_exists: { status: 409, title: 'There is such a user already' },
  user_not_found: { status: 404, title: 'No such user' },
  version_mismatch: commonProblems.version_mismatch,
}
const params = Type.Object({ user: Type.String({ pattern: userIdPattern }) })
const body = Type.Object(
  {
    group: Type.Union([Type.String({ pattern: '^[a-z0-9_-]{1,32}$' }), Type.Null()], {
      description: 'null: none. Orders keep the group that they were placed with',
    }),
  },
  { additionalProperties: false },
)
const config = { policy: { roles: office } }

export const userGroupRoutes =
  (users: Users): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const shown = (outcome: UserOutcome) => {
      const { userId, group } = unlessRefused(outcome, problems)
      return { userId, group: group === undefined || group === '' ? null : group }
    }
    edge.get(
      '/v1/users/:user/group',
      { schema: { summary: 'The customer group of a user', tags: ['users'], params }, config },
      async (request) => shown(await users.view(request.params.user)),
    )
    edge.put(
      '/v1/users/:user/group',
      { schema: { summary: 'Put a user into a customer group, or into none', tags: ['users'], params, body }, config },
      async (request) => {
        // What is left out of a profile stays as it was: none is said as an empty word.
        const profile = { group: request.body.group ?? '' }
        const { user: userId } = request.params
        const updated = await users.update(userId, profile, actor(request))
        const isNew = isRefusal(updated) && updated.refused === 'user_not_found'
        return shown(isNew ? await users.create({ userId, profile }, actor(request)) : updated)
      },
    )
  }
