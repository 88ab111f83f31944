/** `/v1/stuck`, and the two ways to try again what was given up. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Problem } from '../kernel/problem.ts'
import { signCursor } from '../platform/http/cursors.ts'
import { pageOf, pageQuery } from '../platform/http/pages.ts'
import { office, type Policy } from '../platform/http/policy.ts'
import { uuid } from './schemas.ts'
import type { OrderRepository } from './store.ts'
import { StuckList } from './stuck-service.ts'
import type { StuckStore } from './stuck-store.ts'

export type StuckDoors = Readonly<{
  store: StuckStore
  orders: Pick<OrderRepository, 'get'>
  /** The shop's time zone. */
  zone: string
  /** Something is due again: reactions and tasks look now. */
  committed: () => void
}>

/** A year: what is older than that is all there is. */
const olderMax = 31_536_000
const menders: Policy = { roles: ['owner', 'service'] }
const tags = ['stuck']

const Query = Type.Object(
  {
    olderThanSeconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: olderMax, description: 'Instead of the marks of each status' }),
    ),
    ...pageQuery,
    // Where a list of several lists stands takes more room.
    after: Type.Optional(Type.String({ maxLength: 400 })),
  },
  { additionalProperties: false },
)

export const stuckRoutes =
  ({ store, orders, zone, committed }: StuckDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const list = new StuckList(store, orders, zone)

    edge.get(
      '/v1/stuck',
      {
        schema: {
          summary:
            'What neither ends nor waits in time on somebody: dead letters and tasks, payments, messages, orders past their mark',
          tags,
          querystring: Query,
        },
        config: { policy: { roles: office } },
      },
      async ({ query: { olderThanSeconds, ...query } }) => {
        const { data, next } = await list.page({ olderThanSeconds, after: undefined, ...pageOf(query) })
        return { data, page: { next: next === undefined ? null : signCursor(next) } }
      },
    )

    edge.post(
      '/v1/dead-letters/:consumer/:position/replay',
      {
        schema: {
          summary: 'Have a reaction try an event again that it gave up on',
          tags,
          params: Type.Object({
            consumer: Type.String({ maxLength: 100 }),
            position: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
          }),
        },
        config: { policy: menders },
      },
      async ({ params: { consumer, position } }, reply) => {
        if (!(await store.replay(consumer, position)))
          throw new Problem(
            'dead_letter_not_found',
            { status: 404, title: 'No such dead letter' },
            `${consumer} has no letter at ${position}: it was handled, or never given up.`,
          )
        committed()
        return reply.code(202).send({ consumer, position, due: 'now' })
      },
    )

    edge.post(
      '/v1/dead-tasks/:id/retry',
      {
        schema: {
          summary: 'Try a task again that was given up',
          tags,
          params: Type.Object({ id: Type.String({ pattern: uuid }) }),
        },
        config: { policy: menders },
      },
      async ({ params: { id } }, reply) => {
        if (!(await store.retry(id)))
          throw new Problem(
            'dead_task_not_found',
            { status: 404, title: 'No such dead task' },
            `There is no task ${id}: it was done, or never existed.`,
          )
        committed()
        return reply.code(202).send({ id, due: 'now' })
      },
    )
  }
