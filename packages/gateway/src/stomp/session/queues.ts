/**
 * Where messages of queues come from: the queue, those that fit its name, those that a virtual topic feeds, and dead letters.
 *
 * @module
 */
import { type Principal, isHeddleError } from '@heddle/core'
import type { ServerContext } from '../context.ts'
import { type Destination, deadLettersIn, isWildcard, virtualTopicOf } from '../destination/destination.ts'
import { deadLetterTopic, encodeName, queueOfTopic, queueTopic } from '../destination/log-names.ts'
import { lookup } from '../message/message.ts'
import { BrowseSource } from './browse-source.ts'
import { type SharedSubscription, ensureSubscription, openSharedSource } from './shared-source.ts'
import type { Source } from './source.ts'
import type { Opened, SubscribeRequest, Subscriber } from './subscribe.ts'

type Add = (source: Source) => void

/** The queues of one SUBSCRIBE. */
export class Queues {
  readonly #context: ServerContext
  readonly #principal: Principal
  readonly #request: SubscribeRequest
  readonly #subscriber: Subscriber
  /** Topics of those that are open. */
  readonly #topics = new Set<string>()
  /** Look for queues that were made since. */
  readonly #looks: ((add: Add) => Promise<void>)[] = []

  constructor(
    context: ServerContext,
    principal: Principal,
    request: SubscribeRequest,
    subscriber: Subscriber,
  ) {
    this.#context = context
    this.#principal = principal
    this.#request = request
    this.#subscriber = subscriber
  }

  /** All that is there of a destination. @throws what the guard, the log and the delivery throw; nothing is open then. */
  async open(destination: Destination): Promise<readonly Source[]> {
    const { name } = destination
    const sources: Source[] = []
    const add: Add = (source) => void sources.push(source)
    try {
      if (isWildcard(destination)) await this.#begin((more) => this.#openMatching(name, more), add)
      else {
        add(await this.#openQueue(name))
        if (!this.#request.browser) await this.#openDeadLetters(name, add)
      }
    } catch (error) {
      await Promise.allSettled(sources.map((source) => source.close(true)))
      throw error
    }
    return sources
  }

  /** Calls `add` for queues that were made since; `undefined` when none can be meant. */
  get watch(): Opened['watch'] {
    if (this.#looks.length === 0) return undefined
    const look = async (add: Add): Promise<void> => {
      for (const one of this.#looks) await one(add)
    }
    return (add, signal) => watch(this.#context, () => look(add), signal)
  }

  /** Looks now, and again later. */
  async #begin(look: (add: Add) => Promise<void>, add: Add): Promise<void> {
    this.#looks.push(look)
    await look(add)
  }

  async #openMatching(pattern: string, add: Add): Promise<void> {
    for (const topic of await this.#context.topics.matching('queue', pattern))
      if (await this.#isNew(topic)) add(await this.#openQueue(queueOfTopic(topic)!))
  }

  /** What others gave up, in a queue that has it in ActiveMQ. Whoever reads it by one of its names shares it with the others. */
  async #openDeadLetters(queue: string, add: Add): Promise<void> {
    const whose = deadLettersIn(queue)
    if (whose === undefined) return
    const open = async (topic: string): Promise<Source> => {
      this.#topics.add(topic)
      return this.#shared({ name: topic, topics: [topic], from: 'earliest' }, queue)
    }
    if (whose !== 'all') {
      const topic = deadLetterTopic(whose.of)
      await allowRead(this.#context, this.#principal, topic)
      await this.#subscriber.makeTopic(topic)
      return add(await open(topic))
    }
    await this.#begin(async (more) => {
      for (const topic of await this.#context.topics.deadLetters())
        if (await this.#isNew(topic)) more(await open(topic))
    }, add)
  }

  async #isNew(topic: string): Promise<boolean> {
    return !this.#topics.has(topic) && mayRead(this.#context, this.#principal, topic)
  }

  async #openQueue(name: string): Promise<Source> {
    const topic = queueTopic(name)
    this.#topics.add(topic)
    const virtual = virtualTopicOf(name)
    const fed = virtual === undefined ? [] : [encodeName(virtual)]
    for (const one of [topic, ...fed]) {
      await allowRead(this.#context, this.#principal, one)
      await this.#subscriber.makeTopic(one)
    }
    // As in ActiveMQ: a queue has what was sent to it, and from a virtual topic what comes from now on.
    const from = virtual === undefined ? 'earliest' : 'latest'
    const subscription: SharedSubscription = { name: topic, topics: [topic, ...fed], from }
    const queue = virtual === undefined ? undefined : name
    return this.#request.browser ? this.#browse(subscription, queue) : this.#shared(subscription, queue)
  }

  #shared(subscription: SharedSubscription, queue: string | undefined): Promise<Source> {
    const { exclusive, selector } = this.#request
    const { delivery } = this.#context.options
    return openSharedSource(delivery, { ...subscription, selector, unwanted: 'leave', queue, exclusive })
  }

  async #browse(subscription: SharedSubscription, queue: string | undefined): Promise<Source> {
    const { selector, text } = this.#request
    const { delivery } = this.#context.options
    await ensureSubscription(delivery, subscription)
    return new BrowseSource({
      messages: delivery.browse(subscription.name),
      wants: (message) => !selector || selector((header) => lookup(message, header)),
      destination: text,
      queue,
    })
  }
}

export const allowRead = ({ access }: ServerContext, principal: Principal, topic: string): Promise<void> =>
  access.allow(principal, 'read', { type: 'topic', name: topic })

export async function mayRead(context: ServerContext, principal: Principal, topic: string): Promise<boolean> {
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
