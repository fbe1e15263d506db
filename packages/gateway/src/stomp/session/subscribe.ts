/**
 * What a SUBSCRIBE asks for, and where its messages come from.
 *
 * @module
 */
import { HeddleError, type Principal, isHeddleError } from '@heddle/core'
import type { ServerContext } from '../context.ts'
import {
  type Destination,
  isWildcard,
  parseDestinations,
  virtualTopicOf,
} from '../destination/destination.ts'
import { durableName, encodeName, queueOfTopic, queueTopic } from '../destination/log-names.ts'
import type { Frame, Version } from '../frame/frame.ts'
import type { StompLimits } from '../limits.ts'
import { type Message, lookup } from '../message/message.ts'
import { type Selector, compileSelector } from '../selector/selector.ts'
import { LiveSource, positionsOf } from './live-source.ts'
import { openSharedSource } from './shared-source.ts'
import type { Source } from './source.ts'
import type { AckMode } from './subscription.ts'
import type { Temporaries } from './temporaries.ts'

export interface SubscribeRequest {
  readonly id: string | undefined
  /** The destination as it was written. */
  readonly text: string
  readonly destinations: readonly Destination[]
  readonly mode: AckMode
  readonly prefetch: number
  readonly selector: Selector | undefined
  /** Name of a durable subscription. */
  readonly durable: string | undefined
  /** From the beginning of what the topic keeps, and not from its end. */
  readonly retroactive: boolean
}

/** Features of ActiveMQ that are not there: to go on without them would not be what was asked for. */
const notSupported = ['browser', 'activemq.exclusive', 'activemq.noLocal']

/** @throws HEDDLE_STOMP_COMMAND_INVALID, HEDDLE_STOMP_DESTINATION_INVALID, HEDDLE_STOMP_SELECTOR_INVALID */
export function subscribeRequest(
  { headers }: Frame,
  version: Version,
  limits: StompLimits,
): SubscribeRequest {
  const id = headers.get('id')
  if (id === undefined && version !== '1.0') throw invalid('SUBSCRIBE has no id header')
  const text = headers.get('destination')
  if (!text) throw invalid('SUBSCRIBE has no destination header')
  for (const name of notSupported)
    if (headers.get(name) === 'true') throw invalid(`${name}:true is not supported`)
  const ack = headers.get('ack')
  const selector = headers.get('selector')
  const destinations = parseDestinations(text)
  const durable = headers.get('activemq.subscriptionName')
  if (durable !== undefined && destinations.some((one) => one.kind !== 'topic' || isWildcard(one)))
    throw invalid('activemq.subscriptionName is for topics, without wildcards')
  return {
    id,
    text,
    destinations,
    mode: ack === 'client' || ack === 'client-individual' ? ack : 'auto',
    prefetch: prefetchOf(headers.get('activemq.prefetchSize'), limits),
    selector: selector === undefined ? undefined : compileSelector(selector),
    durable,
    retroactive: headers.get('activemq.retroactive') === 'true',
  }
}

function prefetchOf(text: string | undefined, { maxPrefetch, prefetch }: StompLimits): number {
  if (text === undefined) return prefetch
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Math.min(Number(text), maxPrefetch)
  throw invalid(`activemq.prefetchSize is a number from 1 on, and is ${JSON.stringify(text.slice(0, 40))}`)
}

export interface Subscriber {
  readonly clientId: string | undefined
  readonly temporaries: Temporaries
  readonly makeTopic: (topic: string) => Promise<void>
}

export interface Opened {
  readonly sources: readonly Source[]
  /** Queues that may come to fit a name with wildcards: calls `add` for each, until `signal` is aborted. */
  readonly watch: ((add: (source: Source) => void, signal: AbortSignal) => void) | undefined
}

/** @throws what the guard, the log and the delivery throw; nothing is open then. */
export async function openSources(
  context: ServerContext,
  principal: Principal,
  request: SubscribeRequest,
  subscriber: Subscriber,
): Promise<Opened> {
  const sources: Source[] = []
  const patterns: string[] = []
  const queues = new Set<string>()
  const { delivery } = context.options

  const openQueue = async (name: string): Promise<Source> => {
    const topic = queueTopic(name)
    queues.add(topic)
    await allowRead(context, principal, topic)
    await subscriber.makeTopic(topic)
    const virtual = virtualTopicOf(name)
    const fed = virtual === undefined ? undefined : encodeName(virtual)
    if (fed !== undefined) {
      await allowRead(context, principal, fed)
      await subscriber.makeTopic(fed)
    }
    return openSharedSource(delivery, {
      name: topic,
      topics: fed === undefined ? [topic] : [topic, fed],
      // As in ActiveMQ: a queue has what was sent to it, and from a virtual topic what comes from now on.
      from: fed === undefined ? 'earliest' : 'latest',
      selector: request.selector,
      unwanted: 'leave',
      queue: fed === undefined ? undefined : name,
    })
  }
  const openMatching = async (pattern: string, add: (source: Source) => void): Promise<void> => {
    for (const topic of await context.topics.matching('queue', pattern)) {
      if (queues.has(topic) || !(await mayRead(context, principal, topic))) continue
      add(await openQueue(queueOfTopic(topic)!))
    }
  }

  try {
    for (const destination of request.destinations) {
      if (destination.kind !== 'queue')
        sources.push(await openTopic(context, principal, request, subscriber, destination))
      else if (isWildcard(destination)) {
        patterns.push(destination.name)
        await openMatching(destination.name, (source) => sources.push(source))
      } else sources.push(await openQueue(destination.name))
    }
  } catch (error) {
    await Promise.allSettled(sources.map((source) => source.close(true)))
    throw error
  }
  if (patterns.length === 0) return { sources, watch: undefined }
  const look = async (add: (source: Source) => void): Promise<void> => {
    for (const pattern of patterns) await openMatching(pattern, add)
  }
  return { sources, watch: (add, signal) => watch(context, () => look(add), signal) }
}

async function openTopic(
  context: ServerContext,
  principal: Principal,
  { destinations, durable, retroactive, selector }: SubscribeRequest,
  { clientId, makeTopic, temporaries }: Subscriber,
  destination: Destination,
): Promise<Source> {
  const { clock, limits, options, topics } = context
  const { delivery, log } = options
  const wants = (message: Message): boolean => !selector || selector((name) => lookup(message, name))
  if (destination.kind.startsWith('remote-temp-'))
    throw invalid(`${destination.text} is of another connection: only that one can subscribe to it`)
  const temporary = temporaries.find(destination.text)
  if (temporary) {
    await temporaries.begin(context)
    const { remote } = temporary
    const mine = (message: Message): boolean =>
      message.headers.get('destination') === remote && wants(message)
    return new LiveSource(log, topics, limits, clock, {
      positions: temporary.positions!,
      wants: mine,
      matching: undefined,
    })
  }
  if (isWildcard(destination)) {
    const matching = async (): Promise<string[]> => {
      const names = await topics.matching('topic', destination.name)
      const allowed = await Promise.all(names.map((name) => mayRead(context, principal, name)))
      return names.filter((_, at) => allowed[at])
    }
    const positions = await positionsOf(log, await matching(), retroactive ? 'earliest' : 'latest')
    return new LiveSource(log, topics, limits, clock, { positions, wants, matching })
  }
  const topic = encodeName(destination.name)
  await allowRead(context, principal, topic)
  await makeTopic(topic)
  if (durable !== undefined) {
    if (clientId === undefined) throw invalid('activemq.subscriptionName needs a client-id header in CONNECT')
    const all = destinations.map(({ name }) => encodeName(name))
    return openSharedSource(delivery, {
      name: durableName(clientId, durable),
      topics: all,
      from: retroactive ? 'earliest' : 'latest',
      selector,
      unwanted: 'drop',
      queue: undefined,
    })
  }
  const positions = await positionsOf(log, [topic], retroactive ? 'earliest' : 'latest')
  return new LiveSource(log, topics, limits, clock, { positions, wants, matching: undefined })
}

/** UNSUBSCRIBE from a durable subscription deletes it. */
export async function unsubscribeDurable(
  { access, options }: ServerContext,
  principal: Principal,
  clientId: string,
  durable: string,
): Promise<void> {
  const name = durableName(clientId, durable)
  await access.allow(principal, 'delete', { type: 'subscription', name })
  await options.delivery.delete(name)
}

const allowRead = ({ access }: ServerContext, principal: Principal, topic: string): Promise<void> =>
  access.allow(principal, 'read', { type: 'topic', name: topic })

async function mayRead(context: ServerContext, principal: Principal, topic: string): Promise<boolean> {
  try {
    await allowRead(context, principal, topic)
    return true
  } catch (error) {
    if (isHeddleError(error, 'HEDDLE_FORBIDDEN')) return false
    throw error
  }
}

/** Looks when a topic is made here, and every now and then for those of other processes. */
function watch(
  { clock, limits, topics }: ServerContext,
  look: () => Promise<void>,
  signal: AbortSignal,
): void {
  let looking: Promise<void> = Promise.resolve()
  const again = (): void => {
    // A look that fails is made up for by the next.
    looking = looking.then(() => (signal.aborted ? undefined : look())).catch(() => {})
  }
  topics.onMade(again, signal)
  const wait = (): { clear(): void } =>
    clock.after(limits.refreshMs, () => {
      again()
      timer = wait()
    })
  let timer = wait()
  signal.addEventListener('abort', () => timer.clear(), { once: true })
}

const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', detail)
