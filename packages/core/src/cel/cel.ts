import { compilePredicate } from './compile.ts'

/** A condition written in CEL: callable like any predicate, and its text travels in the plan. */
export interface CelPredicate {
  (value: unknown): boolean
  readonly cel: string
}

/**
 * A CEL condition over `event`. Values put in with `${}` become CEL literals; backslashes are CEL's.
 *
 * @throws HEDDLE_EXPRESSION_INVALID at once, with line and column.
 * @example cel`event.type == 'push' && event.data.commits.size() > ${3}`
 */
export function cel(
  text: TemplateStringsArray,
  ...values: readonly (string | number | boolean)[]
): CelPredicate {
  return celPredicate(
    text.raw.reduce((before, part, index) => before + JSON.stringify(values[index - 1]) + part),
  )
}

/** The same of a text. */
export function celPredicate(source: string): CelPredicate {
  return Object.assign(compilePredicate(source), { cel: source })
}
