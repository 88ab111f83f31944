/** `/v1/stock`, `/v1/supplies`, `/v1/warehouses`: what is where, what comes in, and the places themselves. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Day, Instant, Place, Sku } from '../kernel/ids.ts'
import { Problem } from '../kernel/problem.ts'
import { requiredKey } from '../platform/http/idempotency.ts'
import { actor, everyone, type Role, staff } from '../platform/http/policy.ts'
import { commonProblems, unlessRefused } from '../platform/http/refusals.ts'
import type { WarehouseView } from './warehouse.ts'
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
  /** What a new warehouse has that nobody said. */
  defaults: Omit<WarehouseView, 'id' | 'name' | 'country' | 'postalCode' | 'latitude' | 'longitude'>
  geocode: (country: string, postalCode?: string) => Readonly<{ latitude: number; longitude: number }> | undefined
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
const lotView = ({ place, ...lot }: Lot) => ({ ...lot, warehouse: place, open: Math.max(0, lot.quantity - lot.received) })

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
      },
      closed,
    )
    edge.post(
      '/v1/supplies',
      { schema: { summary: 'Units are expected on a day', tags: ['stock'], body: Expected }, config: { policy: { roles: staff } } },
      async (request, reply) => {
        const { sku, warehouse, quantity, kind = 'purchase', reference } = request.body
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
          body: Type.Object({ quantity: units }, closed),
        },
        config: { policy: { roles: staff } },
      },
      (request) =>
        command(request, `receive-supply:${request.params.id}`, {
          do: 'receiveSupply',
          supply: request.params.id,
          quantity: request.body.quantity,
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
            { day: Type.Optional(day), quantity: Type.Optional(Type.Integer({ minimum: 0, maximum: unitsMax })) },
            closed,
          ),
        },
        config: { policy: { roles: staff } },
      },
      (request) =>
        command(request, `change-supply:${request.params.id}`, {
          do: 'changeSupply',
          supply: request.params.id,
          day: request.body.day as Day | undefined,
          quantity: request.body.quantity,
        }),
    )

    edge.get(
      '/v1/warehouses',
      { schema: { summary: 'Warehouses', tags: ['stock'] }, config: { policy: { roles: everyone } } },
      async () => ({ data: await warehouses.read() }),
    )

    const Warehouse = Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 200 }),
        country: Type.String({ pattern: '^[A-Z]{2}$' }),
        postalCode: Type.String({ minLength: 1, maxLength: 20 }),
        latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
        longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
        timeZone: Type.Optional(Type.String({ maxLength: 60 })),
        cutOff: Type.Optional(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' })),
        workdays: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7 })),
        handlingDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 60 })),
        hub: Type.Optional(Type.Boolean()),
      },
      closed,
    )
    edge.put(
      '/v1/warehouses/:id',
      {
        schema: {
          summary: 'Add or change a warehouse',
          tags: ['stock'],
          params: Type.Object({ id: Type.String({ pattern: outsideId }) }),
          body: Warehouse,
        },
        config: { policy: { roles: owners } },
      },
      async (request) => {
        const { body, params } = request
        const position =
          body.latitude !== undefined && body.longitude !== undefined
            ? { latitude: body.latitude, longitude: body.longitude }
            : doors.geocode(body.country, body.postalCode)
        if (position === undefined)
          throw new Problem(
            'address_undeliverable',
            { status: 422, title: 'Place not found' },
            `${body.country} ${body.postalCode} is on no map of ours: send latitude and longitude.`,
            { errors: [{ pointer: '/postalCode', code: 'unknown_postal_code' }] },
          )
        const warehouse: WarehouseView = { ...doors.defaults, ...body, ...position, id: params.id as Place }
        await warehouses.save([warehouse])
        return warehouse
      },
    )
  }
