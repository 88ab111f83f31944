/** The version of a thing that a caller saw: out as `ETag`, in as `If-Match` (RFC 9110, §8.8.3 and §13.1.1). */
import type { FastifyRequest } from 'fastify'
import { Problem } from '../../kernel/problem.ts'

export const etag = (version: number): string => `"v${version}"`

/** `If-Match: "v7"` → 7, also where quotes, the letter or a weak mark got lost on the way; undefined without one, and for `*`, which any version is. */
export const ifMatch = ({ headers }: FastifyRequest): number | undefined => {
  const header = headers['if-match']?.trim()
  if (header === undefined || header === '*') return undefined
  const digits = /^(?:W\/)?"?v?(\d{1,9})"?$/.exec(header)?.[1]
  if (digits !== undefined) return Number(digits)
  throw new Problem(
    'if_match_invalid',
    { status: 400, title: 'If-Match is not usable' },
    'Send If-Match with the ETag as you got it, for example "v7".',
  )
}
