import { HeddleError } from '@heddle/core'

/** The error for a setting of a sink that cannot be used. */
export function invalidConfig(kind: string, setting: string, why: string, value: unknown): HeddleError {
  return new HeddleError(
    'HEDDLE_CONFIG_INVALID',
    `${setting} of the ${kind} sink ${why}, and is ${JSON.stringify(value) ?? 'missing'}`,
    { info: { kind, setting } },
  )
}

/**
 * Replaces `${NAME}` by the environment variable of that name.
 * @throws HEDDLE_CONFIG_INVALID when it is not set.
 */
export function expandEnvironment(kind: string, setting: string, text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = process.env[name]
    if (value === undefined)
      throw invalidConfig(kind, setting, `names the environment variable ${name}, which is not set`, text)
    return value
  })
}
