import type { Plan } from '@heddle/core'
import { Bell } from '../../local/bell.ts'
import type { BoltTask } from '../../local/bolt-task.ts'
import { EventTime } from '../../local/event-time.ts'
import { Occasions } from '../../local/occasions.ts'
import { withDefaults } from '../../local/options.ts'
import { Root, type RootOwner } from '../../local/root.ts'
import type { TaskTuple } from '../../local/task-tuple.ts'
import type { Progress } from '../../local/unfinished.ts'
import type { TupleMessage } from '../../multilang/messages.ts'
import type { Operator } from '../../operators/operator.ts'
import { takesOf } from '../../operators/takes.ts'
import { CarriedRoot } from '../../stages/carried-root.ts'
import { ComponentTimers } from '../../state/timers.ts'
import { UndoLog } from '../../state/undo-log.ts'
import { Applied } from './applied.ts'
import { type BoltParts, boltTask, operatorContext, operatorOf, refusedBy } from './bolt-parts.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { HeardTimes } from './heard-times.ts'
import { KeptOutputs } from './kept-outputs.ts'
import { type News, timesStream } from './news.ts'
import { type TaskStore, openTaskStore } from './task-store.ts'
import { awaitedSources, hearersOf } from './time-sources.ts'
import { topicOutput } from './topic-output.ts'
import { type InboxOwner, type StormTuple, TupleInbox } from './tuple-inbox.ts'

/** What belongs to no tuple is committed with all else: nobody waits for its root. */
const nobody: RootOwner = { begun() {}, done() {}, failed() {} }

/** What a host is made of, beside the parts of each bolt. */
interface Kept {
  readonly outputs: KeptOutputs
  readonly times: HeardTimes
  readonly eventTime: EventTime
}

/**
 * Runs one task of a transactional component. One commit after the other takes all that was changed meanwhile: state, timers, what
 * was emitted, and which tuples that came of; these are acked then. So a tuple that comes again changes nothing, and what a timer
 * or the end of a window emits is lost as little as what a tuple does.
 */
export class TransactionalHost implements InboxOwner {
  readonly #context: ComponentContext
  readonly #commands: Commands
  readonly #store: TaskStore
  readonly #outputs: KeptOutputs
  readonly #applied: Applied
  readonly #times: HeardTimes
  readonly #eventTime: EventTime
  readonly #occasions: Occasions
  readonly #task: BoltTask
  readonly #inbox: TupleInbox
  /** Rings when there is something to commit, or event time goes on. */
  readonly #bell = new Bell()
  /** Somebody takes note of the event time of what comes out. */
  readonly #heard: boolean
  /** What the spouts say is done for good, by source. */
  readonly #done = new Map<string, Progress>()
  #toAck: StormTuple[] = []
  /** Event time has gone on since the last look. */
  #moved = false
  #announced = -Infinity
  #announcedAt = -Infinity

  private constructor(commands: Commands, parts: BoltParts, { outputs, times, eventTime }: Kept) {
    const { context, store } = parts
    const { plan, component, transactional, clock, log, report } = context
    this.#context = context
    this.#commands = commands
    this.#store = store
    this.#outputs = outputs
    this.#times = times
    this.#eventTime = eventTime
    this.#applied = new Applied(store.state)
    this.#heard = hearersOf(plan, transactional, component.id).length > 0
    this.#task = boltTask(parts, unlessApplied(operatorOf(context), this.#applied))
    this.#inbox = new TupleInbox(context, commands, this.#task, this)
    this.#occasions = new Occasions(
      {
        topology: { ...context.topology, plan: planOfOne(context) },
        clock,
        settings: withDefaults({ log, clock }),
        eventTime,
        timers: new Map([[component.id, parts.timers]]),
        network: { bolts: [this.#task], tasksOf: () => [this.#task] },
        ingest: { lookAtEnds: async () => {} },
        carried: times,
        announcer: undefined,
        report: (_, error) => report(error),
      },
      () => times.sources,
      this.#heard,
    )
  }

  /** @throws What opening the bolt, its topics or its state throws. */
  static async open(context: ComponentContext, commands: Commands): Promise<TransactionalHost> {
    const { log, plan, component, index, tasks, topology, transactional, clock, broken } = context
    const { timers: timed } = takesOf(component, topology.code.get(component.id) ?? {}, plan.name)
    const store = await openTaskStore(log, plan, component, index, tasks.get(component.id)!.length, timed)
    const output = await topicOutput(context)
    const times = new HeardTimes(store.state, await awaitedSources(plan, transactional, component.id, log))
    const outputs = new KeptOutputs(context)
    const eventTime = new EventTime(planOfOne(context), clock, -Infinity)
    const parts: BoltParts = {
      context,
      output,
      ports: outputs.ports(refusedBy(context, output)),
      store,
      timers: new ComponentTimers(store.timers),
      undo: new UndoLog(),
      watermark: () => eventTime.timeOf(component.id),
    }
    const host = new TransactionalHost(commands, parts, { outputs, times, eventTime })
    await host.#task.operator.open?.(operatorContext(parts))
    // Event time is where it was before the first tuple comes.
    await host.#step()
    host.#inbox.lookForLate()
    void host.#run().catch(broken)
    return host
  }

  receive(messages: readonly TupleMessage[]): void {
    for (const message of messages)
      if (message.stream === timesStream) this.#hear(message)
      else this.#inbox.receive(message)
  }

  rootDone(root: Root): void {
    if (root instanceof CarriedRoot) this.#applied.add(root.origin, root.carried.spoutPlace)
  }

  tupleDone(tuple: StormTuple): void {
    this.#toAck.push(tuple)
    this.#bell.ring()
  }

  #hear({ id, tuple: [text] }: TupleMessage): void {
    const news = JSON.parse(text as string) as News
    for (const [source, { done }] of Object.entries(news)) if (done) this.#done.set(source, done)
    if (this.#times.hear(news)) {
      this.#moved = true
      this.#bell.ring()
    }
    this.#commands.ack(id)
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#rest()
      await this.#step()
    }
  }

  /** Waits until something is done, event time goes on, or something is due. */
  async #rest(): Promise<void> {
    if (this.#toAck.length > 0 || this.#moved) return
    const { clock, plan } = this.#context
    const restMs = this.#announces ? plan.settings.commitIntervalMs : this.#occasions.restMs
    const due = Number.isFinite(restMs) ? clock.after(restMs, () => this.#bell.ring()) : undefined
    await this.#bell.wait()
    due?.clear()
  }

  async #step(): Promise<void> {
    this.#moved = false
    await this.#occasions.pass(this.#context.plan.settings.messageTimeoutMs)
    await this.#commit()
  }

  /** Commits all that was changed until a moment at which nothing was half done, and acks what came of it. */
  async #commit(): Promise<void> {
    let done: readonly StormTuple[] = []
    let committed: Promise<void> | undefined
    await this.#task.alone(new Root(nobody, this.#context.clock.now()), () => {
      done = this.#toAck
      this.#toAck = []
      committed = this.#save()
    })
    await committed
    for (const { id } of done) this.#commands.ack(id)
  }

  #save(): Promise<void> {
    const { clock, plan } = this.#context
    const { state, timers } = this.#store
    const changed = state.changed || timers.changed || this.#outputs.changed || this.#applied.changed
    const waitMs = changed ? 0 : plan.settings.commitIntervalMs
    if (this.#announces && clock.now() - this.#announcedAt >= waitMs) {
      this.#announced = this.#eventTime.timeBehind(this.#context.component.id)
      this.#announcedAt = clock.now()
      this.#outputs.announce(this.#announced)
    } else if (!changed) return Promise.resolve()
    for (const [source, progress] of this.#done) this.#applied.forget(source, progress)
    this.#done.clear()
    this.#applied.save()
    this.#times.save()
    const { topic } = this.#outputs
    return this.#store.commit(undefined, { topic, records: this.#outputs.take() })
  }

  /** Event time has gone on, and those behind are to be told. */
  get #announces(): boolean {
    return this.#heard && this.#eventTime.timeBehind(this.#context.component.id) > this.#announced
  }
}

/** The plan as one component has it: event time comes from those before it, which have let for what is out of order. */
const planOfOne = ({ plan, component }: ComponentContext): Plan => ({
  ...plan,
  components: [component],
  settings: { ...plan.settings, maxOutOfOrderMs: 0 },
})

/** The same, but for tuples that the state has in it. */
function unlessApplied(operator: Operator, applied: Applied): Operator {
  return {
    ...(operator.open !== undefined && { open: (context) => operator.open!(context) }),
    execute(tuple, out) {
      const { root } = tuple as TaskTuple
      const place = root instanceof CarriedRoot ? root.carried.spoutPlace : undefined
      if (!applied.has(root.origin, place)) return operator.execute(tuple, out)
    },
    ...(operator.tick !== undefined && { tick: (out) => operator.tick!(out) }),
    ...(operator.watermark !== undefined && { watermark: (time, out) => operator.watermark!(time, out) }),
    ...(operator.wakeAt !== undefined && { wakeAt: () => operator.wakeAt!() }),
    ...(operator.timer !== undefined && { timer: (fired, out) => operator.timer!(fired, out) }),
  }
}
