/** An answer that says what is wrong and how to mend it (RFC 9457). The `type` is the code in kebab-case. */
export type ProblemKind = Readonly<{ status: number; title: string; retryable?: boolean }>

/** One field that is wrong: a JSON pointer into the request and the reason. */
export type FieldProblem = Readonly<{ pointer: string; code: string; detail?: string } & Record<string, unknown>>

export type ProblemBody = Readonly<{
  type: string
  code: string
  status: number
  title: string
  detail: string
  instance: string
  requestId: string
  retryable: boolean
  errors?: readonly FieldProblem[]
}>

export class Problem extends Error {
  readonly code: string
  readonly kind: ProblemKind
  readonly errors: readonly FieldProblem[]
  /** Further members of the body, and headers such as `Retry-After`. */
  readonly more: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: string,
    kind: ProblemKind,
    detail: string,
    extra: Readonly<{
      errors?: readonly FieldProblem[]
      more?: Readonly<Record<string, unknown>>
      headers?: Readonly<Record<string, string>>
    }> = {},
  ) {
    super(detail)
    this.code = code
    this.kind = kind
    this.errors = extra.errors ?? []
    this.more = extra.more ?? {}
    this.headers = extra.headers ?? {}
  }
}

export const problemType = (code: string): string => `https://waybill.dev/problems/${code.replaceAll('_', '-')}`
