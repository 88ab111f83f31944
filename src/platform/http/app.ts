/**
 * The HTTP edge: who asks, is the request well formed, and every error as `application/problem+json`. Rooms bring their
 * routes; a route without a policy keeps the server from starting.
 */
import { randomUUID } from 'node:crypto'
import fastifySwagger from '@fastify/swagger'
import type { ErrorObject } from 'ajv'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { Overloaded } from '../../kernel/micro-batch.ts'
import { type FieldProblem, Problem, type ProblemBody, type ProblemKind, problemType } from '../../kernel/problem.ts'
import { Callers } from '../callers.ts'
import type { Logger } from '../log.ts'
import { Aborted, OutcomeUnknown } from '../store/work.ts'
import { admitWhatFits } from './admission.ts'
import type { Principal } from './policy.ts'
import { anyRetryAfter } from './retry-after.ts'
import { compiledAtFirstUse } from './schemas.ts'
import { isStorable, notStorable, unstorableIn } from './texts.ts'

/** DESIGN §13, Limits: an order of 2,000 lines is about 200 kB; five times that is room enough. */
export const bodyBytesMax = 1_048_576

export type AppOptions = Readonly<{
  log: Logger
  authenticate: (key: string) => Principal | undefined | Promise<Principal | undefined>
  /** The principal of a caller without a key on a route that is open in the demo (T4); undefined where it is not open. */
  demo: (request: FastifyRequest) => Principal | undefined
  rooms: readonly FastifyPluginAsync[]
  version: string
  /** Who waits at the door: reactions and other work in the background make room for them. */
  callers?: Callers
}>

export const createApp = async ({
  log,
  authenticate,
  demo,
  rooms,
  version,
  callers = new Callers(),
}: AppOptions): Promise<FastifyInstance> => {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    // The doorkeeper says it better: as a problem, and when to come again.
    return503OnClosing: false,
  })
  app.setValidatorCompiler(compiledAtFirstUse)
  keepRawBodies(app)
  app.decorateRequest('principal')
  app.decorateRequest('rawBody', undefined)
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.policy === undefined && method !== 'HEAD')
      throw new Error(`${String(method)} ${url} has no policy: say who may call it`)
  })
  admitWhatFits(app, callers)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('request-id', request.id)
    const principal = principalOf(request, authenticate, demo)
    if (principal instanceof Promise) return admitted(request, principal)
    // Without a promise where the key is remembered, as nearly always: it would cost every request a turn.
    done(refusalOf(request, principal))
    return undefined
  })
  app.setErrorHandler((fault: FastifyError, request, reply) => answerFault(fault, request, reply, log))
  app.setNotFoundHandler({}, (request, reply) => {
    send(
      reply,
      bodyOf(
        request,
        new Problem(
          'not_found',
          { status: 404, title: 'No such path' },
          `${request.method} ${request.url.split('?')[0]} is not a path of this API: see /openapi.json`,
        ),
      ),
    )
  })
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Waybill', version, description: 'Order management: from the order to the doorstep.' },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
  })
  for (const room of rooms) await app.register(room)
  return app
}

/** Signatures and idempotency hashes are over the bytes that came, not over what parsing made of them. */
const keepRawBodies = (app: FastifyInstance): void => {
  app.removeContentTypeParser(['application/json', 'text/plain'])
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = typeof body === 'string' ? Buffer.from(body) : body
    if (body.length === 0) return done(null, undefined)
    const text = body.toString()
    void parse(request, text, (fault, value) => {
      const problem = fault === null ? unstorableIn(text, value) : undefined
      done(problem ?? fault, value)
    })
  })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = typeof body === 'string' ? Buffer.from(body) : body
    const fields = [...new URLSearchParams(body.toString())]
    const bad = fields.filter(([name, value]) => !isStorable(name) || !isStorable(value))
    if (bad.length > 0) return done(notStorable(bad.map(([name]) => ({ pointer: `/${name}`, code: 'invalid' }))))
    done(null, Object.fromEntries(fields))
  })
}

const keyOf = ({ headers: { authorization } }: FastifyRequest): string | undefined =>
  authorization === undefined ? undefined : /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]

const principalOf = (
  request: FastifyRequest,
  authenticate: AppOptions['authenticate'],
  demo: AppOptions['demo'],
): ReturnType<AppOptions['authenticate']> => {
  const { policy } = request.routeOptions.config
  if (policy === undefined) return undefined // The not-found handler has no policy and shows nothing.
  const key = keyOf(request)
  if (key !== undefined) return authenticate(key)
  return policy.openInDemo === true ? demo(request) : undefined
}

const admitted = async (request: FastifyRequest, asked: Promise<Principal | undefined>): Promise<void> => {
  const refusal = refusalOf(request, await asked)
  if (refusal !== undefined) throw refusal
}

/** Why this request goes no further, if it does not. */
const refusalOf = (request: FastifyRequest, principal: Principal | undefined): Problem | undefined =>
  admissionOf(request, principal) ?? formOf(request)

const admissionOf = (request: FastifyRequest, principal: Principal | undefined): Problem | undefined => {
  const { policy } = request.routeOptions.config
  if (policy === undefined) return undefined
  if (principal !== undefined) request.principal = principal
  if (policy.roles === 'public') return undefined
  if (principal === undefined) {
    const detail =
      keyOf(request) === undefined
        ? 'Send your API key as "Authorization: Bearer <key>". The owner makes keys with `npx waybill key new`.'
        : 'This API key is unknown or was revoked.'
    return new Problem('unauthenticated', { status: 401, title: 'An API key is needed' }, detail, {
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
  if (policy.roles.includes(principal.role) || (principal.role === 'demo' && policy.openInDemo === true)) return undefined
  return new Problem(
    'forbidden',
    { status: 403, title: 'Not allowed' },
    `The role ${principal.role} may not do this; ${policy.roles.join(', ')} may.`,
    { more: { requiredRoles: policy.roles } },
  )
}

const formOf = ({ url, headers }: FastifyRequest): Problem | undefined => {
  if (url.includes('%00') && url.split('?')[1]?.includes('%00') === true) return notStorable([])
  const encoding = headers['content-encoding']
  // A packed body could unpack to a thousand times its size; none of ours is worth packing.
  return encoding === undefined || encoding === 'identity'
    ? undefined
    : new Problem('media_type_unsupported', kindOf415, `Send the body as it is, not as ${encoding}.`)
}

const kindOf415: ProblemKind = { status: 415, title: 'Media type not supported' }
const codes: Readonly<Record<string, Readonly<{ code: string; kind: ProblemKind; detail: string }>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'body_too_large',
    kind: { status: 413, title: 'The body is too large' },
    detail: `A body may have ${bodyBytesMax} bytes.`,
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'media_type_unsupported',
    kind: kindOf415,
    detail: 'Send JSON with "Content-Type: application/json".',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'malformed_json',
    kind: { status: 400, title: 'The body is not JSON' },
    detail: 'The body is empty.',
  },
}

/** Turns whatever was thrown into the problem it is; what nobody named is a 500 that says nothing about our insides. */
const problemFor = (fault: FastifyError): Problem => {
  if (fault instanceof Problem) return fault
  if (fault instanceof Overloaded)
    return new Problem(
      'overloaded',
      { status: 503, title: 'Too busy', retryable: true },
      'Too many requests are waiting. Nothing was done: repeat it, with the same key, in a moment.',
      { headers: { 'retry-after': anyRetryAfter() } },
    )
  // Decided again as often as is worth it, each time in vain: others go on changing the same rows, or news is still on its way.
  if (fault instanceof Aborted)
    return new Problem(
      'overloaded',
      { status: 503, title: 'Too busy', retryable: true },
      'Others change the same things at this moment. Nothing was done: repeat it, with the same key, in a moment.',
      { headers: { 'retry-after': anyRetryAfter() } },
    )
  if (fault instanceof OutcomeUnknown)
    return new Problem(
      'outcome_unknown',
      { status: 503, title: 'Outcome unknown', retryable: true },
      'The database did not confirm. Repeat the request with the same Idempotency-Key to learn what happened.',
      { headers: { 'retry-after': anyRetryAfter() } },
    )
  if (fault.validation !== undefined) return invalid(fault.validationContext ?? 'body', fault.validation)
  const known = codes[fault.code]
  if (known !== undefined) return new Problem(known.code, known.kind, known.detail)
  if (fault instanceof SyntaxError || fault.code === 'FST_ERR_CTP_INVALID_JSON_BODY')
    return new Problem('malformed_json', { status: 400, title: 'The body is not JSON' }, fault.message)
  if (isConnectionLost(fault))
    return new Problem(
      'unavailable',
      { status: 503, title: 'The database is out of reach', retryable: true },
      'Nothing was done. Try again in a moment.',
      { headers: { 'retry-after': anyRetryAfter() } },
    )
  if (fault.statusCode !== undefined && fault.statusCode >= 400 && fault.statusCode < 500)
    return new Problem('bad_request', { status: fault.statusCode, title: 'Bad request' }, fault.message)
  return new Problem(
    'internal_error',
    { status: 500, title: 'Something broke on our side' },
    'The fault has been recorded under the request id. Repeating the request with the same key is safe.',
  )
}

/** Or it says itself that it cannot now: a full disk, too many connections, no memory (class 53). */
const isConnectionLost = (fault: FastifyError): boolean =>
  /^(08|53|57P)/.test(fault.code ?? '') ||
  ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(fault.code ?? '') ||
  /Connection terminated|is not queryable|timeout exceeded when trying to connect/.test(fault.message)

const fieldProblem = (error: ErrorObject): FieldProblem => {
  const name: unknown =
    error.keyword === 'required'
      ? error.params['missingProperty']
      : error.keyword === 'additionalProperties'
        ? error.params['additionalProperty']
        : undefined
  const pointer = typeof name === 'string' ? `${error.instancePath}/${name}` : error.instancePath || '/'
  const code = { required: 'required', additionalProperties: 'unknown_field' }[error.keyword] ?? 'invalid'
  return { pointer, code, detail: error.keyword === 'additionalProperties' ? 'no such field' : (error.message ?? 'is not valid') }
}

const invalid = (context: string, errors: readonly ErrorObject[]): Problem => {
  const fields = errors.filter(({ keyword }) => keyword !== 'if' && keyword !== 'anyOf').map(fieldProblem)
  const [first] = fields
  return new Problem(
    'invalid_request',
    { status: 400, title: 'The request is not well formed' },
    `${context}${first?.pointer ?? ''}: ${first?.detail ?? 'is not valid'}`,
    { errors: fields },
  )
}

const bodyOf = (request: FastifyRequest, problem: Problem): ProblemBody => ({
  type: problemType(problem.code),
  code: problem.code,
  status: problem.kind.status,
  title: problem.kind.title,
  detail: problem.message,
  instance: request.url,
  requestId: request.id,
  retryable: problem.kind.retryable ?? false,
  ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  ...problem.more,
})

const send = (reply: FastifyReply, body: ProblemBody): void => {
  void reply.code(body.status).type('application/problem+json').send(JSON.stringify(body))
}

const answerFault = (fault: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Logger): void => {
  const problem = problemFor(fault)
  if (problem.kind.status >= 500 && !(fault instanceof Overloaded))
    log.error({ fault, request: request.id, url: request.url }, problem.code)
  reply.headers(problem.headers)
  const shaped = request.routeOptions.config.problems
  if (shaped !== undefined) {
    const { status, body } = shaped(problem, request)
    void reply.code(status).send(body)
    return
  }
  send(reply, bodyOf(request, problem))
}
