/**
 * One client: from CONNECT to the end, a command at a time.
 *
 * Commands begin in the order in which they came. What takes time (an append, a settlement) goes on beside those that follow, and
 * its RECEIPT is sent when it is done; DISCONNECT waits for all. A mistake of the client is answered with an ERROR, and as in
 * ActiveMQ the connection goes on, unless nobody can know what comes next: then it is closed, as the specification has it.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import { HeddleError, type Principal, anonymous, errorMessage, isHeddleError } from '@heddle/core'
import { readChannel, refusedChannel } from '../../http/channels.ts'
import { problemOf } from '../../http/problem.ts'
import type { ServerContext } from '../context.ts'
import { type Destination, parseDestinations } from '../destination/destination.ts'
import { encodeName, queueTopic } from '../destination/log-names.ts'
import { type Frame, noBody } from '../frame/frame.ts'
import { laterOf } from '../message/later.ts'
import { recordOf, stompPrefix } from '../message/record.ts'
import { connectedFrame, handshakeOf } from './handshake.ts'
import type { Outgoing } from './publisher.ts'
import { type SubscribeRequest, openSources, subscribeRequest, unsubscribeDurable } from './subscribe.ts'
import { type Held, Subscription, settle } from './subscription.ts'
import { Temporaries } from './temporaries.ts'
import { temporaryTopic } from './topics.ts'
import { Transactions } from './transactions.ts'
import { Wire } from './wire.ts'

/** A command that sent its RECEIPT itself, or gets none. */
const answered = Symbol('answered')
type Answer = typeof answered | undefined | void

export class Session {
  readonly id: string
  /** Resolves when it is closed, and what it had is given back. */
  readonly ended: Promise<void>
  readonly #context: ServerContext
  readonly #wire: Wire
  readonly #transactions: Transactions
  readonly #temporaries: Temporaries
  readonly #subscriptions = new Map<string, Promise<Subscription>>()
  /** Whose messages wait for an ACK: by the `ack` header in STOMP 1.2. */
  readonly #open = new Set<Subscription>()
  readonly #tasks = new Set<Promise<void>>()
  readonly #connectTimer: { clear(): void }
  #state: 'new' | 'connecting' | 'connected' | 'leaving' | 'over' = 'new'
  #principal: Principal = anonymous
  #clientId: string | undefined
  /** What SENDs wait for: those before them, whose topic or permission is on its way, and SUBSCRIBEs, which are to see them. */
  #order: Promise<unknown> | undefined
  #pendingBytes = 0
  #holding = false
  #acks = 0
  #anonymousIds = 0
  #clean = false

  constructor(context: ServerContext, stream: Duplex, id: string, closed: (session: Session) => void) {
    const { clock, limits } = context
    this.id = id
    this.#context = context
    this.#transactions = new Transactions(limits)
    this.#temporaries = new Temporaries(id)
    const over = Promise.withResolvers<void>()
    this.#wire = new Wire(stream, limits, clock, {
      frame: (frame) => this.#receive(frame),
      broken: (error) => this.#fail(error, undefined),
      closed: () => over.resolve(),
    })
    this.ended = over.promise.then(() => this.#over()).finally(() => closed(this))
    this.#connectTimer = clock.after(limits.connectTimeoutMs, () =>
      this.#fail(invalid(`no CONNECT came within ${limits.connectTimeoutMs} ms`), undefined),
    )
  }

  /** Ends it: says why, gives receipts of what is under way, and closes. */
  async stop(): Promise<void> {
    if (this.#state === 'over') return
    this.#state = 'leaving'
    await this.#settled()
    this.#fail(
      new HeddleError('HEDDLE_HTTP_UNAVAILABLE', 'the gateway is stopping: connect again'),
      undefined,
    )
  }

  destroy(): void {
    this.#wire.destroy()
  }

  #receive(frame: Frame): void {
    if (this.#state === 'leaving' || this.#state === 'over') return
    try {
      const done = this.#do(frame)
      if (done instanceof Promise) this.#track(done, frame)
      else if (done !== answered) this.#receipt(frame)
    } catch (error) {
      this.#refuse(error, frame)
    }
  }

  /** Does a command, or begins it. */
  #do(frame: Frame): Promise<Answer> | Answer {
    const { command } = frame
    if (command === 'CONNECT' || command === 'STOMP') return this.#connect(frame)
    if (this.#state !== 'connected') {
      return this.#fail(invalid(`${command} came before CONNECT was answered`), frame)
    }
    switch (command) {
      case 'SEND':
        return this.#send(frame)
      case 'SUBSCRIBE':
      case 'SUB':
        return this.#subscribe(frame)
      case 'UNSUBSCRIBE':
      case 'UNSUB':
        return this.#unsubscribe(frame)
      case 'ACK':
      case 'NACK':
        return this.#settle(frame)
      case 'BEGIN':
        this.#transactions.begin(frame.headers.get('transaction'))
        return undefined
      case 'COMMIT':
        return this.#commit(frame)
      case 'ABORT':
        return this.#abort(frame)
      case 'DISCONNECT':
        void this.#disconnect(frame)
        return answered
      default:
        return this.#fail(invalid(`there is no command ${command}`), frame)
    }
  }

  async #connect(frame: Frame): Promise<Answer> {
    if (this.#state !== 'new') return this.#fail(invalid('this client is connected already'), frame)
    this.#state = 'connecting'
    this.#connectTimer.clear()
    const { limits, options } = this.#context
    try {
      const handshake = handshakeOf(frame, limits.minHeartBeatMs)
      this.#principal = await this.#context.login(frame.headers.get('login'), frame.headers.get('passcode'))
      if (this.#state !== 'connecting') return answered
      this.#clientId = handshake.clientId
      this.#wire.use(handshake.version)
      this.#wire.send(connectedFrame(frame, handshake, this.id, options.server ?? 'Heddle'))
      this.#wire.beat(handshake.sendMs, handshake.expectMs)
      this.#state = 'connected'
    } catch (error) {
      this.#fail(error, frame)
    }
    return answered
  }

  #send(frame: Frame): Promise<void> | undefined {
    const { headers } = frame
    const text = headers.get('destination')
    if (text === undefined) throw invalid('SEND has no destination header')
    const destinations = parseDestinations(text)
    const transaction = this.#transactions.of(headers.get('transaction'))
    const bytes = frame.body.length
    const replyTo = headers.get('reply-to')
    const temporary = replyTo === undefined ? undefined : this.#temporaries.find(replyTo)
    const record = recordOf(frame, temporary?.remote)
    const later = laterOf(headers, this.#context.clock.now())
    const common = { bytes, dedupe: headers.has('ce-id'), ...(later && { later }) }
    const outgoing = destinations.map((destination): Outgoing => {
      const to = this.#temporaries.remoteOf(destination)
      if (to === undefined) return { ...common, topic: this.#topicOf(destination), record }
      const headers = [...record.headers!, [`${stompPrefix}destination`, to] as const]
      return { ...common, topic: temporaryTopic, record: { ...record, headers } }
    })
    if (transaction) this.#transactions.add(bytes * outgoing.length)
    const isTemporary = temporary !== undefined || destinations.some(({ kind }) => kind.startsWith('temp-'))
    const ready = this.#prepare(outgoing, isTemporary)
    if (transaction) {
      transaction.sends.push(...outgoing)
      if (ready) transaction.preparing.push(ready)
      return ready
    }
    return this.#publish(outgoing, bytes, ready)
  }

  /** Topics, permissions and quota; `undefined` when all is there. */
  #prepare(outgoing: readonly Outgoing[], isTemporary: boolean): Promise<void> | undefined {
    const { access, topics } = this.#context
    const open = access.open && !this.#order && !isTemporary
    if (open && outgoing.every(({ topic }) => topics.has(topic))) return undefined
    const prepare = async (): Promise<void> => {
      for (const { bytes, topic } of outgoing) {
        const resource = { type: 'topic', name: topic } as const
        if (topic !== temporaryTopic) await access.allow(this.#principal, 'publish', resource)
        await access.charge(this.#principal, { events: 1, bytes }, resource)
        if (!topics.has(topic)) await this.#makeTopic(topic)
      }
      if (isTemporary) await this.#temporaries.begin(this.#context)
    }
    const ready = (this.#order ?? Promise.resolve()).then(prepare)
    this.#inOrder(ready)
    return ready
  }

  /** SENDs that come after it wait for it, also when it is refused. */
  #inOrder(begun: Promise<unknown>): void {
    const done = begun.catch(() => {}) // told to whoever sent it
    const turn = Promise.all([this.#order, done])
    this.#order = turn
    void turn.then(() => (this.#order === turn ? (this.#order = undefined) : undefined))
  }

  async #makeTopic(topic: string): Promise<void> {
    const { access, options, topics } = this.#context
    if (!access.open && topic !== temporaryTopic && !(await options.log.describeTopic(topic)))
      await access.allow(this.#principal, 'create', { type: 'topic', name: topic })
    await topics.ensure(topic)
  }

  #publish(outgoing: readonly Outgoing[], bytes: number, ready: Promise<void> | undefined): Promise<void> {
    const { limits, publisher } = this.#context
    this.#pendingBytes += bytes
    if (!this.#holding && this.#pendingBytes > limits.maxPendingBytes) {
      this.#holding = true
      this.#wire.hold()
    }
    const done = ready ? ready.then(() => publisher.publish(outgoing)) : publisher.publish(outgoing)
    return done.finally(() => {
      this.#pendingBytes -= bytes
      if (!this.#holding || this.#pendingBytes > limits.maxPendingBytes / 2) return
      this.#holding = false
      this.#wire.letGo()
    })
  }

  #topicOf({ kind, name }: Destination): string {
    return kind === 'queue' ? queueTopic(name) : encodeName(name)
  }

  async #subscribe(frame: Frame): Promise<Answer> {
    const request = subscribeRequest(frame, this.#wire.version, this.#context.limits)
    const key = request.id ?? `\n${this.#anonymousIds++}`
    if (this.#subscriptions.has(key)) throw invalid(`there is a subscription '${request.id}' already`)
    const { maxSubscriptions } = this.#context.limits
    if (this.#subscriptions.size >= maxSubscriptions)
      throw invalid(`there are ${maxSubscriptions} subscriptions already (maxSubscriptions)`)
    const opening = this.#openSubscription(request, frame)
    this.#subscriptions.set(key, opening)
    this.#inOrder(opening)
    // Tracked as the command itself.
    opening.catch(() => this.#subscriptions.delete(key))
    const subscription = await opening
    if (this.#state === 'over') return answered
    this.#open.add(subscription)
    this.#receipt(frame)
    subscription.start()
    return answered
  }

  async #openSubscription(request: SubscribeRequest, frame: Frame): Promise<Subscription> {
    const sources = await openSources(this.#context, this.#principal, request, {
      clientId: this.#clientId,
      temporaries: this.#temporaries,
      makeTopic: (topic) => this.#makeTopic(topic),
    })
    const ids = this.#wire.version === '1.2'
    const subscription: Subscription = new Subscription(
      {
        id: request.id,
        destination: request.text,
        mode: request.mode,
        prefetch: request.prefetch,
        transform: request.transform,
        newAck: () => (ids ? `${this.id}-${++this.#acks}` : undefined),
        send: (frames) => this.#wire.sendAll(frames.map((one) => this.#temporaries.localise(one))),
        failed: (error) => this.#refuse(error, { ...frame, headers: new Map() }),
        given: (messages) => {
          if (!readChannel.hasSubscribers) return
          const bytes = messages.reduce((sum, { body }) => sum + body.length, 0)
          readChannel.publish({ topic: request.text, form: 'stomp', events: messages.length, bytes })
        },
      },
      sources,
    )
    return subscription
  }

  async #unsubscribe({ headers }: Frame): Promise<void> {
    const id = headers.get('id')
    const destination = headers.get('destination')
    const durable = headers.get('activemq.subscriptionName')
    if (id === undefined && this.#wire.version !== '1.0') throw invalid('UNSUBSCRIBE has no id header')
    if (durable !== undefined) {
      // Still connected to it, it ends too.
      await this.#closeSubscription(id, destination)
      return unsubscribeDurable(this.#context, this.#principal, this.#clientId ?? durable, durable)
    }
    if (id === undefined && destination === undefined)
      throw invalid('UNSUBSCRIBE has neither id nor destination')
    if (!(await this.#closeSubscription(id, destination)))
      throw invalid(`there is no subscription '${id ?? destination}'`)
  }

  async #closeSubscription(id: string | undefined, destination: string | undefined): Promise<boolean> {
    for (const [key, opening] of this.#subscriptions) {
      if (id !== undefined && key !== id) continue
      const subscription = await opening
      if (id === undefined && subscription.options.destination !== destination) continue
      this.#subscriptions.delete(key)
      this.#open.delete(subscription)
      await subscription.close(true)
      return true
    }
    return false
  }

  #settle(frame: Frame): Promise<void> | undefined {
    const { command, headers } = frame
    const transaction = this.#transactions.of(headers.get('transaction'))
    const all = this.#heldBy(frame)
    const as = command === 'ACK' ? 'ack' : 'refuse'
    all[0]!.subscription.take(all, transaction !== undefined)
    // Without a receipt nobody is told when it is durable, and nobody waits for the disk, as in ActiveMQ.
    if (!transaction) return settled(all, as, !headers.has('receipt'))
    transaction.settled.push({ held: all, as })
    return undefined
  }

  /** What an ACK or NACK is about. */
  #heldBy({ command, headers }: Frame): Held[] {
    const { version } = this.#wire
    const nack = command === 'NACK'
    if (nack && version === '1.0') throw invalid('NACK is not there in STOMP 1.0')
    const name = version === '1.2' ? 'id' : 'message-id'
    const key = headers.get(name)
    if (key === undefined) throw invalid(`${command} has no ${name} header`)
    const subscriptionId = headers.get('subscription')
    if (version === '1.1' && subscriptionId === undefined)
      throw invalid(`${command} has no subscription header`)
    for (const subscription of this.#open) {
      if (version !== '1.2' && subscriptionId !== undefined && subscription.options.id !== subscriptionId)
        continue
      const held = subscription.settledBy(key, nack)
      if (held) return held
    }
    throw invalid(`Unexpected ${command} received for message-id [${key}]: it is not one that waits for it`)
  }

  async #commit({ command, headers }: Frame): Promise<void> {
    const { preparing, sends, settled: done } = this.#transactions.end(command, headers.get('transaction'))
    try {
      await Promise.all(preparing)
      await this.#context.publisher.publish(sends)
    } catch (error) {
      // Nothing was done: what it would have acknowledged waits again.
      for (const { held } of done) held[0]!.subscription.release(held, true)
      throw error
    }
    for (const { held } of done) held[0]!.subscription.release(held, false)
    await Promise.all(done.map(({ as, held }) => settled(held, as, false)))
  }

  #abort({ command, headers }: Frame): undefined {
    const { preparing, settled: undone } = this.#transactions.end(command, headers.get('transaction'))
    for (const one of preparing) one.catch(() => {}) // it was told to whoever sent it
    // The last first, so that they stand in the order in which they were given.
    for (const { held } of undone.toReversed()) held[0]!.subscription.release(held, true)
  }

  async #disconnect(frame: Frame): Promise<void> {
    this.#state = 'leaving'
    await this.#settled()
    this.#clean = true
    // What it had is back before it is told so.
    await this.#closeAll()
    this.#receipt(frame)
    this.#wire.end()
  }

  /** When all that is under way is done, well or not. */
  async #settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks)
  }

  #track(done: Promise<Answer>, frame: Frame): void {
    const task = done.then(
      (answer) => (answer === answered ? undefined : this.#receipt(frame)),
      (error: unknown) => this.#refuse(error, frame),
    )
    this.#tasks.add(task)
    void task.finally(() => this.#tasks.delete(task))
  }

  #receipt({ headers }: Frame): void {
    const receipt = headers.get('receipt')
    if (receipt === undefined) return
    this.#wire.send({ command: 'RECEIPT', headers: new Map([['receipt-id', receipt]]), body: noBody })
  }

  /** Says what is wrong with a frame; the connection goes on. */
  #refuse(error: unknown, frame: Frame | undefined): void {
    if (this.#state === 'over') return
    this.#wire.send(errorFrame(error, frame))
    if (refusedChannel.hasSubscribers)
      refusedChannel.publish({
        method: `STOMP ${frame?.command ?? ''}`.trim(),
        route: undefined,
        problem: problemOf(error),
        error,
      })
  }

  /** Says what is wrong, and closes: nobody knows what would come next. */
  #fail(error: unknown, frame: Frame | undefined): typeof answered {
    if (this.#state !== 'over') {
      this.#refuse(error, frame)
      this.#state = 'leaving'
      this.#connectTimer.clear()
      this.#wire.end()
    }
    return answered
  }

  async #over(): Promise<void> {
    this.#state = 'over'
    this.#connectTimer.clear()
    await this.#closeAll()
  }

  async #closeAll(): Promise<void> {
    const all = [...this.#subscriptions.values()]
    this.#subscriptions.clear()
    this.#open.clear()
    // One that cannot be closed is the delivery's, or the log's, to tell.
    await Promise.allSettled(all.map(async (opening) => (await opening).close(this.#clean)))
  }
}

/** @throws HEDDLE_STOMP_COMMAND_INVALID for those that somebody else has now. */
async function settled(all: readonly Held[], as: 'ack' | 'refuse', soon: boolean): Promise<void> {
  const lost = await settle(all, as, soon)
  if (lost.length === 0) return
  throw invalid(
    `another consumer was given them meanwhile: ${lost.map(({ messageId }) => messageId).join(', ')}`,
  )
}

function errorFrame(error: unknown, frame: Frame | undefined): Frame {
  const message = errorMessage(error)
  const headers = new Map([
    ['message', message],
    ['content-type', 'text/plain'],
  ])
  const receipt = frame?.headers.get('receipt')
  if (receipt !== undefined) headers.set('receipt-id', receipt)
  let text = message
  if (isHeddleError(error)) {
    headers.set('code', error.code)
    text += `\n${error.todo}`
  }
  return { command: 'ERROR', headers, body: Buffer.from(`${text}\n`) }
}

const invalid = (detail: string): HeddleError => new HeddleError('HEDDLE_STOMP_COMMAND_INVALID', detail)
