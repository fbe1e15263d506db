/**
 * Destinations as ActiveMQ names them. Sources: https://activemq.apache.org/components/classic/documentation/stomp,
 * …/wildcards, …/composite-destinations, …/virtual-destinations.
 *
 * ```
 * destinations = destination *( "," destination )          composite: all of them are meant
 * destination  = "/queue/" name / "/topic/" name
 *              / "/temp-queue/" name / "/temp-topic/" name             of this connection, by a name of its own
 *              / "/remote-temp-queue/" id / "/remote-temp-topic/" id   of any connection, as others are told it
 * name         = segment *( "." segment )
 * segment      = "*" one of any name / ">" this one and all that follow, or none / text
 * ```
 * `/topic/VirtualTopic.X` is a topic; each queue `/queue/Consumer.A.VirtualTopic.X` gets all that is sent to it. `/queue/ActiveMQ.DLQ` has
 * the dead letters of all queues and durable subscriptions, `/queue/DLQ.X` and `/queue/ActiveMQ.DLQ.Queue.X` those of the queue X.
 *
 * @module
 */
import { HeddleError } from '@heddle/core'

export interface Destination {
  readonly kind: 'queue' | 'topic' | 'temp-queue' | 'temp-topic' | 'remote-temp-queue' | 'remote-temp-topic'
  readonly name: string
  /** As it is written in a frame. */
  readonly text: string
}

const grammar = /^\/(queue|topic|temp-queue|temp-topic|remote-temp-queue|remote-temp-topic)\/(.*)$/s

/** Most destinations of one composite. 100: each costs an append, or a reader. */
const maxComposite = 100

/**
 * Reads a `destination` header.
 * @throws HEDDLE_STOMP_DESTINATION_INVALID
 */
export function parseDestinations(text: string): readonly [Destination, ...Destination[]] {
  const parts = text.trim().split(',')
  if (parts.length > maxComposite) throw invalid(text, `it has more than ${maxComposite} parts`)
  return parts.map((part) => parse(part.trim(), text)) as [Destination, ...Destination[]]
}

function parse(part: string, all: string): Destination {
  const match = grammar.exec(part)
  if (!match) throw invalid(all, `'${shorten(part)}' begins with none of them`)
  const [, kind, name] = match
  if (name === '') throw invalid(all, 'a name is missing')
  if (name!.includes('?'))
    throw invalid(all, 'options behind ? are not supported: use headers, such as activemq.prefetchSize')
  return { kind: kind as Destination['kind'], name: name!, text: part }
}

/** True when it stands for all whose name fits. */
export const isWildcard = ({ name }: Destination): boolean =>
  name.split('.').some((segment) => segment === '*' || segment === '>')

/** Whether a name fits the name of a destination with wildcards. As in ActiveMQ, `A.>` fits `A` too. */
export function fits(pattern: string, name: string): boolean {
  const wanted = pattern.split('.')
  const segments = name.split('.')
  for (const [at, one] of wanted.entries()) {
    if (one === '>') return true
    if (segments[at] === undefined || (one !== '*' && one !== segments[at])) return false
  }
  return segments.length === wanted.length
}

/** The virtual topic that a queue is fed by, such as `VirtualTopic.X` for `Consumer.A.VirtualTopic.X`. */
export const virtualTopicOf = (queue: string): string | undefined =>
  /^Consumer\.[^.]+\.(VirtualTopic\..+)$/s.exec(queue)?.[1]

/**
 * Whose dead letters a queue has: of all, or of one other queue; `undefined` for any other. As ActiveMQ has it by default, as its
 * policy for individual ones has it by default, and as that is most often configured.
 */
export function deadLettersIn(queue: string): 'all' | { readonly of: string } | undefined {
  if (queue === 'ActiveMQ.DLQ') return 'all'
  const of = /^(?:ActiveMQ\.DLQ\.Queue|DLQ)\.(.+)$/s.exec(queue)?.[1]
  return of === undefined ? undefined : { of }
}

const shorten = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 100)}…`)

const invalid = (text: string, why: string): HeddleError =>
  new HeddleError('HEDDLE_STOMP_DESTINATION_INVALID', `'${shorten(text)}': ${why}`)
