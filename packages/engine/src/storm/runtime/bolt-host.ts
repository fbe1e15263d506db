import { errorStream } from '@heddle/core'
import { BoltTask } from '../../local/bolt-task.ts'
import type { Root, RootOwner } from '../../local/root.ts'
import { TaskOutput } from '../../local/task-output.ts'
import { TaskTuple } from '../../local/task-tuple.ts'
import type { TupleMessage } from '../../multilang/messages.ts'
import type { OperatorContext } from '../../operators/operator.ts'
import { operators } from '../../operators/table.ts'
import { CarriedRoot } from '../../stages/carried-root.ts'
import { carriedTuple } from '../../stages/carried.ts'
import { ComponentState } from '../../state/component-state.ts'
import { ComponentTimers } from '../../state/timers.ts'
import { UndoLog } from '../../state/undo-log.ts'
import { decodeBatch } from './batch.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { placeOf } from './destination.ts'
import { elementOf, failureOf } from './failure.ts'
import { noStore } from './no-store.ts'
import { Outbox } from './outbox.ts'
import { isForeign, plainTuple } from './plain-tuples.ts'
import { portsOf } from './ports.ts'
import { StormState, type TaskStore, openTaskStore } from './task-store.ts'
import { type TopicOutput, topicOutput } from './topic-output.ts'

/** A timeout is noticed late by at most this share of it. */
const timeoutChecks = 8

/** What is carried is of no topic; an event in it has its own identity: see `SpoutHost`. */
const nowhere = { topic: '', partition: 0 }

/** A tuple of Storm, which is a batch of ours: acked when all of it is done, failed when a part of it cannot be. */
class StormTuple implements RootOwner {
  readonly id: string
  readonly arrivedAt: number
  roots: readonly Root[] = []
  left = 0
  over = false
  readonly #ended: (tuple: StormTuple, done: boolean) => void

  constructor(id: string, arrivedAt: number, ended: (tuple: StormTuple, done: boolean) => void) {
    this.id = id
    this.arrivedAt = arrivedAt
    this.#ended = ended
  }

  begun(): void {}

  done(): void {
    if (--this.left === 0) this.#end(true)
  }

  failed(): void {
    this.#end(false)
  }

  #end(done: boolean): void {
    if (this.over) return
    this.over = true
    this.#ended(this, done)
  }
}

/** Ids of the tuples of Storm that these came of. */
const anchorsOf = (roots: readonly Root[]): readonly string[] => [
  ...new Set(roots.map(({ owner }) => (owner as StormTuple).id)),
]

/** Runs one task of a bolt: what comes from Storm is executed, and answered when it is done and what it changed is durable. */
export class BoltHost {
  readonly #context: ComponentContext
  readonly #commands: Commands
  readonly #task: BoltTask
  readonly #outbox: Outbox
  readonly #store: TaskStore
  readonly #undo = new UndoLog()
  readonly #timers = new ComponentTimers(new ComponentState(noStore, 0))
  readonly #underWay = new Map<string, StormTuple>()
  /** Components that send plain tuples. */
  readonly #foreign: ReadonlySet<string>
  /** Done, but for the state, which is committed before they are acked. */
  #toAck: StormTuple[] = []
  #committing = false

  private constructor(context: ComponentContext, commands: Commands, store: TaskStore, output: TopicOutput) {
    this.#context = context
    this.#commands = commands
    this.#store = store
    this.#foreign = new Set(context.plan.components.filter(isForeign).map(({ id }) => id))
    this.#outbox = new Outbox(context.settings, (to, records, roots) => {
      commands.emit({ to, records, anchors: anchorsOf(roots) })
      for (const root of roots) root.release()
    })
    this.#task = this.#makeTask(output)
  }

  /** @throws What opening the bolt, its topics or its state throws. */
  static async open(context: ComponentContext, commands: Commands): Promise<BoltHost> {
    const { log, plan, component, index, tasks } = context
    const store = await openTaskStore(log, plan, component, index, tasks.get(component.id)!.length)
    const output = await topicOutput(context)
    const host = new BoltHost(context, commands, store, output)
    await host.#task.operator.open?.(host.#operatorContext(output))
    host.#lookForLate()
    return host
  }

  receive(messages: readonly TupleMessage[]): void {
    for (const message of messages) this.#receive(message)
  }

  #receive(message: TupleMessage): void {
    const { clock, report } = this.#context
    const { id } = message
    const now = clock.now()
    const stormTuple = new StormTuple(id, now, (ended, done) => this.#ended(ended, done))
    let tuples: readonly TaskTuple[]
    try {
      tuples = this.#foreign.has(message.comp)
        ? [plainTuple(this.#context.plan, message, stormTuple, now)]
        : this.#batched(message, stormTuple, now)
    } catch (error) {
      report(error)
      return this.#commands.fail(id)
    }
    stormTuple.roots = tuples.map(({ root }) => root)
    stormTuple.left = tuples.length
    this.#underWay.set(id, stormTuple)
    for (const tuple of tuples) {
      this.#task.receive(tuple)
      tuple.root.release()
    }
  }

  /** The tuples of a batch. */
  #batched({ tuple: [place, batch] }: TupleMessage, owner: RootOwner, now: number): readonly TaskTuple[] {
    const { broken, component, index, tasks } = this.#context
    if (place !== placeOf(index, tasks.get(component.id)!.length)) {
      const error = new RangeError(
        `a batch for place ${String(place)} came to task ${index}: this Storm hashes otherwise`,
      )
      broken(error)
      throw error
    }
    return decodeBatch(batch).map((record) => {
      const carried = carriedTuple(record, nowhere)
      const { component, stream, task, values } = carried
      const root = new CarriedRoot(owner, now, { ...nowhere, record }, carried)
      return new TaskTuple(values, root, { component, stream, task }, undefined, 0, undefined)
    })
  }

  #ended(tuple: StormTuple, done: boolean): void {
    this.#underWay.delete(tuple.id)
    if (!done) {
      for (const root of tuple.roots) {
        if (root.finished) continue
        root.dead = true
        this.#task.abandon(root)
      }
      return this.#commands.fail(tuple.id)
    }
    if (!this.#committing && !this.#store.state.changed) return this.#commands.ack(tuple.id)
    this.#toAck.push(tuple)
    if (this.#committing) return
    this.#committing = true
    // Behind all that is executed in this turn.
    setImmediate(() => void this.#commit().catch((error: unknown) => this.#context.broken(error)))
  }

  /** Commits what was changed, acks what was done by then, and goes on as long as more is. */
  async #commit(): Promise<void> {
    while (this.#toAck.length > 0) {
      const done = this.#toAck
      this.#toAck = []
      await this.#store.commit()
      for (const { id } of done) this.#commands.ack(id)
    }
    this.#committing = false
  }

  /** Gives up what has taken too long, so that a call that never ends does not hold its place for ever: it comes again. */
  #lookForLate(): void {
    const { clock, plan } = this.#context
    const { messageTimeoutMs } = plan.settings
    const look = (): void => {
      const before = clock.now() - messageTimeoutMs
      for (const tuple of this.#underWay.values()) {
        if (tuple.arrivedAt > before) break
        tuple.failed()
      }
      clock.after(messageTimeoutMs / timeoutChecks, look)
    }
    look()
  }

  #makeTask({ writer, letters }: TopicOutput): BoltTask {
    const { topology, plan, component, task, tasks, clock, stats, report } = this.#context
    const operator = operators.get(component.operator)!(
      component,
      topology.code.get(component.id) ?? {},
      plan.name,
    )
    const ports = portsOf({
      plan,
      component,
      task,
      tasks,
      outbox: this.#outbox,
      // Before its tuple is acked, since that is done behind it: it need not be held.
      sendPlain: (plain, root) => this.#commands.emitPlain({ ...plain, anchors: anchorsOf([root]) }),
      stats,
      refused: (tuple, error) => {
        report(error)
        letters.write({ ...letters.unknown(clock.now()), component: component.id, root: tuple.root, error })
      },
    })
    const timers = this.#timers.forTask(this.#undo)
    return new BoltTask(task, component, operator, this.#undo, timers, stats, {
      clock,
      random: Math.random,
      newOutput: () => new TaskOutput(ports, writer, stats),
      gaveUp: (execution, error) => {
        report(error)
        const errors = ports.get(errorStream)
        const { root, values } = execution.tuple
        if (errors?.taken === true)
          errors.send({ value: failureOf(component, execution, error) }, root, execution.tuple, 0, undefined)
        else
          letters.write({
            component: component.id,
            root,
            error,
            attempts: execution.attempts,
            firstFailedAt: execution.firstFailedAt,
            lastFailedAt: clock.now(),
            value: elementOf(values),
          })
      },
      queued: () => {},
    })
  }

  #operatorContext({ maxRecordBytes }: TopicOutput): OperatorContext {
    const { plan, component, task, index, tasks, clock, report } = this.#context
    const componentOf: Record<string, string> = {}
    for (const [id, numbers] of tasks) for (const number of numbers) componentOf[number] = id
    // Where several attempts are under way at once, it cannot be told whose change it was.
    const undo = component.concurrency === 1 ? this.#undo : undefined
    return {
      topology: plan.name,
      component: component.id,
      task,
      index,
      tasks: tasks.get(component.id)!.length,
      clock,
      state: new StormState(this.#store.state, undo),
      timers: this.#timers.forTask(undo),
      tasksOf: (other) => tasks.get(other) ?? [],
      signal: new AbortController().signal,
      watermark: () => -Infinity,
      fieldsOf: (other, stream) => plan.components.find(({ id }) => id === other)?.streams[stream] ?? [],
      componentOf,
      report,
      maxRecordBytes,
    }
  }
}
