/**
 * Names of STOMP as names of the log, which has letters, digits, `.`, `_` and `-` only.
 *
 * ```
 * /topic/orders.eu            orders.eu              the topic that every other door calls so
 * /queue/orders               queue.orders           a topic, and the subscription that shares it out
 * /queue/a/b c                queue.a_2Fb_20c        any other character: _ and its bytes in UTF-8, as two capital hex digits
 * durable d of client c       durable.c.d            a subscription
 * ```
 * An underscore stays what it is, unless what follows would make it look like such a byte: then it is written as `_5F`.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'

const plain = /^[A-Za-z0-9.-]$/
const escaped = /^_[0-9A-F]{2}/

/**
 * A name as the log has it; different ones stay different.
 * @throws HEDDLE_STOMP_DESTINATION_INVALID when it is too long, or cannot be written.
 */
export function encodeName(name: string, prefix = '', suffix = ''): string {
  const encoded = prefix + escapeName(name) + suffix
  if (encoded.length <= maxLength && encoded !== '.' && encoded !== '..') return encoded
  throw new HeddleError(
    'HEDDLE_STOMP_DESTINATION_INVALID',
    `'${name.slice(0, 100)}' makes the name '${encoded.slice(0, 100)}' in the log, which has 1 to ${maxLength} characters`,
  )
}

function escapeName(name: string): string {
  let encoded = ''
  // From the end, so that it is known what follows an underscore.
  for (const character of Array.from(name).reverse()) {
    if (plain.test(character)) encoded = character + encoded
    else if (character === '_' && !escaped.test(`_${encoded}`)) encoded = `_${encoded}`
    else encoded = bytesOf(character) + encoded
  }
  return encoded
}

/** The name that was encoded; a name that nobody encoded is what it is. */
export function decodeName(encoded: string): string {
  if (!encoded.includes('_')) return encoded
  return encoded.replaceAll(/(?:_[0-9A-F]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll('_', ''), 'hex').toString(),
  )
}

const queuePrefix = 'queue.'

export const queueTopic = (name: string): string => encodeName(name, queuePrefix)

/** The name of the queue that the topic belongs to, if it belongs to one. */
export const queueOfTopic = (topic: string): string | undefined =>
  topic.startsWith(queuePrefix) && topic.length > queuePrefix.length
    ? decodeName(topic.slice(queuePrefix.length))
    : undefined

const deadLetters = '.dead-letters'

/** Topic of what a queue gave up. */
export const deadLetterTopic = (queue: string): string => encodeName(queue, queuePrefix, deadLetters)

/** True for topics of what queues and durable subscriptions gave up; not of what those gave up that read dead letters. */
export const isDeadLetterTopic = (topic: string): boolean =>
  /^(queue|durable)\./.test(topic) &&
  topic.endsWith(deadLetters) &&
  !topic.slice(0, -deadLetters.length).endsWith(deadLetters)

/** A durable subscription: the client's dots are bytes, so that it is known where its name ends. */
export const durableName = (clientId: string, name: string): string =>
  encodeName(name, `durable.${escapeName(clientId).replaceAll('.', '_2E')}.`)

// Those of subscriptions have at most 200 characters; topics could have a few more.
const maxLength = 200

const bytesOf = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `_${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  )
