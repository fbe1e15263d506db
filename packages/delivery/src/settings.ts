import {
  type DeliveryRetry,
  HeddleError,
  type PushSettings,
  type SubscriptionChanges,
  type SubscriptionSettings,
  celPredicate,
  didYouMean,
} from '@heddle/core'
import { defaultPush, pushChecks } from './push/settings.ts'

/** Most topics of one subscription: one place of each is committed at a time. */
const maxTopics = 1000

export const defaultRetry: DeliveryRetry = {
  attempts: 10,
  initialMs: 1_000,
  factor: 2,
  maxMs: 600_000,
  jitter: 0.2,
}

/** Ten attempts over about ten minutes; half a minute for each. */
export const defaultSubscription: Omit<SubscriptionSettings, 'topics'> = {
  order: 'key',
  leaseMs: 30_000,
  maxInFlight: 1_000,
  retry: defaultRetry,
  expired: 'drop',
  suspended: false,
}

const invalid = (setting: string, why: string): HeddleError =>
  new HeddleError('HEDDLE_SUBSCRIPTION_INVALID', `${setting} ${why}`, { info: { setting } })

const isWhole = (value: unknown, min: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= min

const whole =
  (min: number) =>
  (value: unknown, setting: string): void => {
    if (!isWhole(value, min)) throw invalid(setting, `must be a whole number from ${min} on`)
  }

const oneOf =
  (...values: readonly string[]) =>
  (value: unknown, setting: string): void => {
    if (!values.includes(value as string)) throw invalid(setting, `must be ${values.join(' or ')}`)
  }

const optional =
  (check: (value: unknown, setting: string) => void) =>
  (value: unknown, setting: string): void => {
    if (value !== undefined) check(value, setting)
  }

const checks: Readonly<Record<keyof SubscriptionSettings, (value: unknown, setting: string) => void>> = {
  topics(value, setting) {
    const fits =
      Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== '')
    if (!fits || value.length > maxTopics)
      throw invalid(setting, `must be a list of 1 to ${maxTopics} topics`)
    if (new Set(value).size < value.length) throw invalid(setting, 'names a topic twice')
  },
  filter: optional((value, setting) => {
    if (typeof value !== 'string') throw invalid(setting, 'must be a CEL expression')
    celPredicate(value)
  }),
  order: oneOf('key', 'partition', 'none'),
  leaseMs: whole(1),
  maxInFlight: whole(1),
  retry: (value, setting) => within(value, setting, retryChecks),
  maxAgeMs: optional(whole(1)),
  expired: oneOf('drop', 'dead-letter'),
  suspended(value, setting) {
    if (typeof value !== 'boolean') throw invalid(setting, 'must be true or false')
  },
  push: optional((value, setting) => within(value, setting, checksOfPush)),
}

/** Checks each of its settings, those that are missing too. */
function within(
  value: unknown,
  setting: string,
  known: Readonly<Record<string, (value: unknown, setting: string) => void>>,
): void {
  if (typeof value !== 'object' || value === null) throw invalid(setting, 'must be an object')
  for (const name of Object.keys(value))
    if (!Object.hasOwn(known, name)) throw unknown(`${setting}.${name}`, name, Object.keys(known))
  for (const [name, check] of Object.entries(known))
    check((value as Record<string, unknown>)[name], `${setting}.${name}`)
}

const between =
  (min: number, max: number) =>
  (value: unknown, setting: string): void => {
    if (typeof value !== 'number' || !(value >= min && value <= max))
      throw invalid(setting, `must be a number from ${min} to ${max}`)
  }

const retryChecks: Readonly<Record<keyof DeliveryRetry, (value: unknown, setting: string) => void>> = {
  attempts: whole(0),
  initialMs: whole(0),
  factor: between(1, 100),
  maxMs: whole(0),
  jitter: between(0, 1),
  delaysMs: optional((value, setting) => {
    if (!Array.isArray(value) || value.length === 0 || !value.every((one) => isWhole(one, 0)))
      throw invalid(setting, 'must be a list of waits in milliseconds')
  }),
  withinMs: optional(whole(1)),
}

const checksOfPush = Object.fromEntries(
  Object.entries(pushChecks).map(([name, why]) => [
    name,
    (value: unknown, setting: string): void => {
      const wrong = why(value)
      if (wrong !== undefined) throw invalid(setting, wrong)
    },
  ]),
)

function unknown(setting: string, name: string, known: readonly string[]): HeddleError {
  return invalid(setting, `is not a setting${didYouMean(name, known)}`)
}

/**
 * Settings as they are kept: with those that were there before, or else the defaults. A setting that is `undefined`, or null as it
 * comes of JSON, goes back to its default.
 *
 * @throws HEDDLE_SUBSCRIPTION_INVALID, HEDDLE_EXPRESSION_INVALID
 */
export function completeSettings(
  changes: SubscriptionChanges,
  before: SubscriptionSettings | undefined,
): SubscriptionSettings {
  const settings: Record<string, unknown> = { ...defaultSubscription, ...before }
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(checks, name)) throw unknown(name, name, Object.keys(checks))
    if (value == null) {
      settings[name] = (defaultSubscription as Record<string, unknown>)[name]
      if (settings[name] === undefined) delete settings[name]
    } else if (name === 'retry')
      settings[name] = { ...(settings[name] as DeliveryRetry), ...(value as object) }
    else if (name === 'push')
      settings[name] = {
        ...defaultPush,
        ...(settings[name] as PushSettings | undefined),
        ...(value as object),
      }
    else settings[name] = value
  }
  for (const [name, check] of Object.entries(checks)) check(settings[name], name)
  return settings as unknown as SubscriptionSettings
}
