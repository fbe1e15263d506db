import type { BoltTask } from '../../local/bolt-task.ts'
import type { Root, RootOwner } from '../../local/root.ts'
import { TaskTuple } from '../../local/task-tuple.ts'
import type { TupleMessage } from '../../multilang/messages.ts'
import { CarriedRoot } from '../../stages/carried-root.ts'
import { carriedTuple } from '../../stages/carried.ts'
import { decodeBatch } from './batch.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { placeOf } from './destination.ts'
import { isForeign, plainTuple } from './plain-tuples.ts'

/** A timeout is noticed late by at most this share of it. */
const timeoutChecks = 8

/** What is carried is of no topic; an event in it has its own identity: see `TopicHost`. */
const nowhere = { topic: '', partition: 0 }

/** A tuple of Storm, often a batch of ours: acked when all of it is done, failed when a part of it cannot be. */
export class StormTuple implements RootOwner {
  readonly id: string
  readonly arrivedAt: number
  roots: readonly Root[] = []
  left = 0
  over = false
  readonly #told: InboxOwner
  readonly #ended: (tuple: StormTuple, done: boolean) => void

  constructor(
    id: string,
    arrivedAt: number,
    told: InboxOwner,
    ended: (tuple: StormTuple, done: boolean) => void,
  ) {
    this.id = id
    this.arrivedAt = arrivedAt
    this.#told = told
    this.#ended = ended
  }

  begun(): void {}

  done(root: Root): void {
    this.#told.rootDone(root)
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
export const anchorsOf = (roots: readonly Root[]): readonly string[] => [
  ...new Set(roots.map(({ owner }) => (owner as StormTuple).id)),
]

export interface InboxOwner {
  /** One of the tuples in it is done. */
  rootDone(root: Root): void
  /** All of it is done: it is to be acked when what it has changed is durable. */
  tupleDone(tuple: StormTuple): void
}

/** What Storm has sent to a bolt: its tuples are given to the task, and failed where they cannot be done. */
export class TupleInbox {
  readonly #context: ComponentContext
  readonly #commands: Commands
  readonly #task: BoltTask
  readonly #owner: InboxOwner
  readonly #underWay = new Map<string, StormTuple>()
  /** Components that send plain tuples. */
  readonly #foreign: ReadonlySet<string>

  constructor(context: ComponentContext, commands: Commands, task: BoltTask, owner: InboxOwner) {
    this.#context = context
    this.#commands = commands
    this.#task = task
    this.#owner = owner
    this.#foreign = new Set(context.plan.components.filter(isForeign).map(({ id }) => id))
  }

  receive(message: TupleMessage): void {
    const { clock, report, plan } = this.#context
    const { id } = message
    const now = clock.now()
    const stormTuple = new StormTuple(id, now, this.#owner, (ended, done) => this.#ended(ended, done))
    let tuples: readonly TaskTuple[]
    try {
      tuples = this.#foreign.has(message.comp)
        ? [plainTuple(plan, message, stormTuple, now)]
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

  /** Gives up what has taken too long, so that a call that never ends does not hold its place for ever: it comes again. */
  lookForLate(): void {
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
    if (done) return this.#owner.tupleDone(tuple)
    for (const root of tuple.roots) {
      if (root.finished) continue
      root.dead = true
      this.#task.abandon(root)
    }
    this.#commands.fail(tuple.id)
  }
}
