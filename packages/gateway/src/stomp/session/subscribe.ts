/**
 * What a SUBSCRIBE asks for, and where its messages come from.
 *
 * @module
 */
import { HeddleError, type Principal } from '@heddle/core'
import type { ServerContext } from '../context.ts'
import { type Destination, isWildcard, parseDestinations } from '../destination/destination.ts'
import { durableName, encodeName } from '../destination/log-names.ts'
import type { Frame, Version } from '../frame/frame.ts'
import type { StompLimits } from '../limits.ts'
import { wantedForm, withForm } from '../message/map-message.ts'
import { type Message, lookup } from '../message/message.ts'
import { type Selector, compileSelector } from '../selector/selector.ts'
import { LiveSource, positionsOf } from './live-source.ts'
import { Queues, allowRead, mayRead } from './queues.ts'
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
  /** Only a look at what is there. */
  readonly browser: boolean
  /** All of a queue for this one, while it is there. */
  readonly exclusive: boolean
  /** A message as it is wanted. */
  readonly transform: (message: Message) => Message
}

/** Features of ActiveMQ that are not there: to go on without them would not be what was asked for. */
const notSupported = ['activemq.noLocal', 'no-local']

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
  const browser = headers.get('browser') === 'true'
  if (browser && (destinations.length > 1 || destinations[0].kind !== 'queue' || isWildcard(destinations[0])))
    throw invalid('browser:true is for one queue, without wildcards')
  const form = wantedForm(headers.get('transformation'))
  return {
    id,
    text,
    destinations,
    mode: ack === 'client' || ack === 'client-individual' ? ack : 'auto',
    prefetch: prefetchOf(headers.get('activemq.prefetchSize'), limits),
    selector: selector === undefined ? undefined : compileSelector(selector),
    durable,
    retroactive: headers.get('activemq.retroactive') === 'true',
    browser,
    exclusive: headers.get('activemq.exclusive') === 'true',
    transform: form ? (message) => withForm(message, form) : (message) => message,
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
  /** Queues that may come to be meant too: calls `add` for each, until `signal` is aborted. */
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
  const queues = new Queues(context, principal, request, subscriber)
  try {
    for (const destination of request.destinations)
      if (destination.kind === 'queue') sources.push(...(await queues.open(destination)))
      else sources.push(await openTopic(context, principal, request, subscriber, destination))
  } catch (error) {
    await Promise.allSettled(sources.map((source) => source.close(true)))
    throw error
  }
  return { sources, watch: queues.watch }
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
      exclusive: false,
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

const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', detail)
