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
