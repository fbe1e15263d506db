import { HeddleError } from '@heddle/core'

/** What fits into the names of the group and the topic that go with it. */
const namePattern = /^[a-zA-Z0-9._-]{1,200}$/

/** @throws HEDDLE_SUBSCRIPTION_INVALID */
export function checkName(name: string): void {
  if (!namePattern.test(name))
    throw new HeddleError(
      'HEDDLE_SUBSCRIPTION_INVALID',
      `'${name}' is no name: 1 to 200 letters, digits, dots, dashes and underscores`,
    )
}

/** Its consumer group: not that of a topology of the same name. */
export const groupOf = (name: string): string => `subscription.${name}`

/** The topic of what it gave up. */
export const deadLetterTopicOf = (name: string): string => `${name}.dead-letters`
