import { RE2JS } from 're2js'
import { HeddleError, errorMessage } from '../errors.ts'

/** Compiled patterns; most come from the text of an expression, so there are few. */
const cache = new Map<string, RE2JS>()
const cacheSize = 500

/** True when the pattern (RE2 syntax) is found in the text, in time linear in both. */
export function re2(text: string, pattern: string): boolean {
  return compilePattern(pattern).matcher(text).find()
}

/** @throws HEDDLE_EXPRESSION_INVALID when it is not an RE2 pattern. */
export function compilePattern(pattern: string): RE2JS {
  const cached = cache.get(pattern)
  if (cached) return cached
  try {
    const compiled = RE2JS.compile(pattern)
    if (cache.size >= cacheSize) cache.delete(cache.keys().next().value!)
    cache.set(pattern, compiled)
    return compiled
  } catch (error) {
    throw new HeddleError(
      'HEDDLE_EXPRESSION_INVALID',
      `the pattern '${pattern}' is not RE2: ${errorMessage(error)}`,
      {
        cause: error,
      },
    )
  }
}
