import { isHeddleError } from '@heddle/core'

/** Exit codes of `heddle`; docs/reference/cli.md lists them. */
export const exitCodes = {
  ok: 0,
  /** It did not work. */
  failure: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Stopped at once by a second signal. */
  forced: 130,
} as const

const usageErrors = ['HEDDLE_CONFIG_INVALID', 'HEDDLE_UNIT_INVALID', 'HEDDLE_EXPRESSION_INVALID'] as const

/** The exit code that an error means. */
export function exitCodeOf(error: unknown): number {
  return usageErrors.some((code) => isHeddleError(error, code)) ? exitCodes.usage : exitCodes.failure
}
