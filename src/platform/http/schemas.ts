/**
 * Requests against their schemas. There are hundreds of schemas, and a shop that has just started is asked by a few of
 * them: each is compiled when the first request comes that it is for, which takes that one a millisecond or two, and spares
 * every start a third of a second. That all can be compiled is held by a test.
 */
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import { isDay, isMoment } from './texts.ts'

const strict = new Ajv({
  removeAdditional: false,
  coerceTypes: false,
  useDefaults: true,
  allErrors: true,
  allowUnionTypes: true,
  strict: false,
})
const coercing = new Ajv({ removeAdditional: false, coerceTypes: 'array', useDefaults: true, allErrors: true, strict: false })

for (const ajv of [strict, coercing]) {
  ajv.addFormat('day', isDay)
  ajv.addFormat('moment', isMoment)
}

/** Bodies are taken as they are; paths, queries and headers are texts that may stand for numbers. */
export const compiled: FastifySchemaCompiler<AnySchema> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? strict : coercing).compile(schema)

export const compiledAtFirstUse: FastifySchemaCompiler<AnySchema> = (route) => {
  let validate: ValidateFunction | undefined
  const validator = (data: unknown, at?: Parameters<ValidateFunction>[1]): boolean => {
    validate ??= compiled(route) as ValidateFunction
    const isValid = validate(data, at)
    told.errors = validate.errors ?? null
    return isValid
  }
  // Fastify looks for `schemaEnv` to see whether a validator wants to know where the data stands.
  const told = Object.assign(validator, { errors: null as ErrorObject[] | null, schemaEnv: true })
  return told
}
