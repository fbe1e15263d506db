import { HeddleError } from '@heddle/core'

/**
 * The whole number above 0 that a flag or an argument gives.
 * @throws HEDDLE_CONFIG_INVALID
 */
export function wholeNumber(flag: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new HeddleError('HEDDLE_CONFIG_INVALID', `${flag} must be a whole number above 0, and is '${text}'`)
}

/**
 * Numbers by name, each given as `NAME=NUMBER`.
 * @param what What is said when one is not: `COMPONENT=TASKS`.
 * @throws HEDDLE_CONFIG_INVALID
 */
export const numbersOf = (what: string, changes: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    changes.map((change) => {
      const at = change.lastIndexOf('=')
      if (at < 1) throw new HeddleError('HEDDLE_CONFIG_INVALID', `'${change}' must be ${what}`)
      return [change.slice(0, at), wholeNumber(change.slice(0, at), change.slice(at + 1))]
    }),
  )
