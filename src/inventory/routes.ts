/** `/v1/stock`, `/v1/supplies`: what is where, and what comes in. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, type Role, staff } from '../platform/http/policy.ts'
import { commonProblems, unlessRefused } from '../platform/http/refusals.ts'
import { free, type LevelRow } from './levels.ts'
import type { Inventory, StockCommand } from './service.ts'
import type { InventoryRepository, Lot } from './store.ts'
import type { Warehouses } from './warehouses-service.ts'

export type InventoryDoors = Readonly<{
  inventory: Inventory
  repository: InventoryRepository
  warehouses: Warehouses
  /** The products among these that the catalogue does not know. */
  unknownProducts: (skus: readonly string[]) => Promise<readonly string[]>
  now: () => Instant
}>

const problems = {
  ...commonProblems,
  quantity_reserved: { status: 409, title: 'Units are reserved for orders' },
  supply_not_found: { status: 404, title: 'No such supply' },
  supply_closed: { status: 409, title: 'Supply was received already' },
  level_too_large: { status: 409, title: 'More units than a place can hold' },
} as const

const outsideId = '^[A-Za-z0-9 ._:\\-]{1,64}$'
const unitsMax = 1_000_000_000
const closed = { additionalProperties: false } as const
const pair = { sku: Type.String({ pattern: outsideId }), warehouse: Type.String({ pattern: outsideId }) }
const units = Type.Integer({ minimum: 1, maximum: unitsMax })
const day = Type.String({ format: 'day' })
/** What may be said of supply beside its day and its units. */
const announced = {
  sellable: Type.Optional(Type.Integer({ minimum: 0, maximum: unitsMax, description: 'may be promised before they come' })),
  forecast: Type.Optional(Type.Boolean({ description: 'nobody has confirmed the day' })),
}
const owners: readonly Role[] = ['owner', 'service']

const levelView = (row: LevelRow) => ({
  sku: row.sku,
  warehouse: row.place,
  onHand: row.onHand,
  reserved: row.reserved,
  available: free(row),
  inTransit: row.inTransit,
  safety: row.safety,
  damaged: row.damaged,
})
const lotView = ({ place, ...lot }: Lot) => ({
  ...lot,
  warehouse: place,
  open: Math.max(0, lot.quantity - lot.received - (lot.damaged ?? 0)),
})

export const inventoryRoutes =
  (doors: InventoryDoors): FastifyPluginAsyncTypebox =>
  async (edge) => {
    const { inventory, repository, warehouses, now } = doors

    const known = async (request: FastifyRequest, sku: string, place: string): Promise<void> => {
      if (request.principal.place !== undefined && request.principal.place !== place)
        throw new Problem('forbidden', { status: 403, title: 'Not allowed' }, `Your key is for ${request.principal.place} only.`)
      if (warehouses.find(place) === undefined && (await warehouses.read()).every(({ id }) => id !== place)) {
        throw new Problem(
          'warehouse_unknown',
          { status: 422, title: 'No such warehouse' },
          `There is no warehouse ${place}: add it with PUT /v1/warehouses/${place}.`,
          { errors: [{ pointer: '/warehouse', code: 'warehouse_unknown' }] },
        )
      }
      if ((await doors.unknownProducts([sku])).length > 0) {
        throw new Problem(
          'product_unknown',
          { status: 422, title: 'No such product' },
          `There is no product ${sku}: add it with PUT /v1/products/${sku}.`,
          { errors: [{ pointer: '/sku', code: 'product_unknown' }] },
        )
      }
    }
    const command = async (request: FastifyRequest, operation: string, asked: StockCommand) => {
      const key = requiredKey(request, operation, now())
      const answer = unlessRefused(await inventory.handle({ command: asked, origin: actor(request), key }), problems)
      return {
        ...(answer.level === undefined ? {} : { level: levelView(answer.level) }),
        ...(answer.supply === undefined ? {} : { supply: lotView(answer.supply) }),
        changed: answer.changed,
      }
    }

    edge.get(
      '/v1/stock/:sku',
      {
        schema: { summary: 'Stock of a product in every warehouse', tags: ['stock'], params: Type.Object({ sku: pair.sku }) },
        config: { policy: { roles: staff } },
      },
      async ({ params }) => {
        const levels = await repository.readLevels([params.sku as Sku])
        const lots = await repository.readLots([params.sku as Sku])
        return {
          sku: params.sku,
          available: levels.reduce((sum, row) => sum + free(row), 0),
          levels: levels.map(levelView),
          supplies: lots.map(lotView),
        }
      },
    )

    const Adjustment = Type.Object(
      {
        ...pair,
        by: Type.Optional(Type.Integer({ minimum: -unitsMax, maximum: unitsMax })),
        onHand: Type.Optional(Type.Integer({ minimum: 0, maximum: unitsMax })),
        reason: Type.String({ minLength: 1, maxLength: 200 }),
      },
      closed,
    )
    edge.post(
      '/v1/stock/adjustments',
      {
        schema: { summary: 'Correct a level by a difference, or to a count', tags: ['stock'], body: Adjustment },
        config: { policy: { roles: staff } },
      },
      async (request) => {
        const { sku, warehouse, by, onHand, reason } = request.body
        await known(request, sku, warehouse)
        if ((by === undefined) === (onHand === undefined))
          throw new Problem(
            'invalid_request',
            { status: 400, title: 'The request is not well formed' },
            'Say either by (a difference) or onHand (a count).',
            { errors: [{ pointer: '/by', code: 'required' }] },
          )
        const where = { sku: sku as Sku, place: warehouse as Place, reason }
        return command(
          request,
          'adjust-stock',
          by === undefined ? { do: 'count', ...where, onHand: onHand ?? 0 } : { do: 'adjust', ...where, by },
        )
      },
    )

    edge.post(
      '/v1/stock/receipts',
      {
        schema: {
          summary: 'Units arrived',
          tags: ['stock'],
          body: Type.Object({ ...pair, quantity: units, reference: Type.Optional(Type.String({ maxLength: 100 })) }, closed),
        },
        config: { policy: { roles: staff } },
      },
      async (request, reply) => {
        const { sku, warehouse, quantity, reference } = request.body
        await known(request, sku, warehouse)
        reply.code(201)
        return command(request, 'receive-stock', { do: 'receive', sku: sku as Sku, place: warehouse as Place, quantity, reference })
      },
    )

    edge.put(
      '/v1/stock/:sku/:warehouse/safety',
      {
        schema: {
          summary: 'Units never sold',
          tags: ['stock'],
          params: Type.Object(pair),
          body: Type.Object({ units: Type.Integer({ minimum: 0, maximum: unitsMax }) }, closed),
        },
        config: { policy: { roles: owners } },
      },
      async (request) => {
        const { sku, warehouse } = request.params
        await known(request, sku, warehouse)
        const answer = unlessRefused(
          await inventory.handle({
            command: { do: 'keep', sku: sku as Sku, place: warehouse as Place, safety: request.body.units },
            origin: actor(request),
          }),
          problems,
        )
        return { ...(answer.level === undefined ? {} : { level: levelView(answer.level) }), changed: answer.changed }
      },
    )

    const Expected = Type.Object(
      {
        ...pair,
        quantity: units,
        day,
        kind: Type.Optional(Type.Union([Type.Literal('purchase'), Type.Literal('preorder')])),
        reference: Type.Optional(Type.String({ maxLength: 100 })),
        ...announced,
      },
      closed,
    )
    edge.post(
      '/v1/supplies',
      { schema: { summary: 'Units are expected on a day', tags: ['stock'], body: Expected }, config: { policy: { roles: staff } } },
      async (request, reply) => {
        const { sku, warehouse, quantity, kind = 'purchase', reference, sellable, forecast } = request.body
        await known(request, sku, warehouse)
        reply.code(201)
        return command(request, 'expect-supply', {
          do: 'expect',
          sku: sku as Sku,
          place: warehouse as Place,
          day: request.body.day as Day,
          quantity,
          kind,
          reference,
          sellable,
          forecast,
        })
      },
    )

    const SupplyParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) })
    edge.post(
      '/v1/supplies/:id/receive',
      {
        schema: {
          summary: 'Expected units arrived; orders that wait get theirs first',
          tags: ['stock'],
          params: SupplyParams,
          body: Type.Object(
            {
              quantity: Type.Integer({ minimum: 0, maximum: unitsMax, description: 'whole ones' }),
              damaged: Type.Optional(Type.Integer({ minimum: 0, maximum: unitsMax })),
              close: Type.Optional(Type.Boolean({ description: 'nothing more comes of it' })),
            },
            closed,
          ),
        },
        config: { policy: { roles: staff } },
      },
      (request) =>
        command(request, `receive-supply:${request.params.id}`, {
          do: 'receiveSupply',
          supply: request.params.id,
          ...request.body,
        }),
    )
    edge.post(
      '/v1/supplies/:id/change',
      {
        schema: {
          summary: 'Expected units come on another day, or not all of them',
          tags: ['stock'],
          params: SupplyParams,
          body: Type.Object(
            { day: Type.Optional(day), quantity: Type.Optional(Type.Integer({ minimum: 0, maximum: unitsMax })), ...announced },
            closed,
          ),
        },
        config: { policy: { roles: staff } },
      },
      (request) =>
        command(request, `change-supply:${request.params.id}`, {
          do: 'changeSupply',
          supply: request.params.id,
          ...request.body,
          day: request.body.day as Day | undefined,
        }),
    )
  }
