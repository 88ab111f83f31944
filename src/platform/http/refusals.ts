/** Turns refusals into problems: each room brings a table that has a row for every reason it can give. */
import { isRefusal, type Refusal } from '../../kernel/decider.ts'
import { type FieldProblem, Problem, type ProblemKind } from '../../kernel/problem.ts'
import type { CommonReason } from '../streams/service.ts'

export type ProblemTable<Reason extends string> = Readonly<Record<Reason, ProblemKind>>

export const commonProblems: ProblemTable<CommonReason> = {
  version_mismatch: { status: 412, title: 'It has changed since you read it' },
  idempotency_key_reused: { status: 422, title: 'Idempotency-Key was used for another request' },
}

/** The outcome, or the problem it stands for thrown. `about.errors` of a refusal becomes the problem's `errors`. */
export const unlessRefused = <Outcome>(
  outcome: Outcome,
  problems: Readonly<Record<string, ProblemKind>>,
): Exclude<Outcome, Refusal> => {
  if (!isRefusal(outcome)) return outcome as Exclude<Outcome, Refusal>
  throw problemOf(outcome, { ...problems, ...commonProblems })
}

export const problemOf = (refusal: Refusal, problems: Readonly<Record<string, ProblemKind>>): Problem => {
  const kind = problems[refusal.refused]
  if (kind === undefined) throw new Error(`no problem is written down for ${refusal.refused}`)
  const { errors, ...more } = { errors: undefined, ...refusal.about }
  return new Problem(refusal.refused, kind, refusal.detail, {
    more,
    ...(Array.isArray(errors) ? { errors: errors as FieldProblem[] } : {}),
  })
}
