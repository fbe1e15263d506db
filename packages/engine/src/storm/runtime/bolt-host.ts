import type { BoltTask } from '../../local/bolt-task.ts'
import type { TupleMessage } from '../../multilang/messages.ts'
import { CarriedRoot } from '../../stages/carried-root.ts'
import { ComponentTimers } from '../../state/timers.ts'
import { UndoLog } from '../../state/undo-log.ts'
import { type BoltParts, boltTask, operatorContext, operatorOf, refusedBy } from './bolt-parts.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { Outbox } from './outbox.ts'
import { portsOf } from './ports.ts'
import { type TaskStore, openTaskStore } from './task-store.ts'
import { topicOutput } from './topic-output.ts'
import { type InboxOwner, type StormTuple, TupleInbox, anchorsOf } from './tuple-inbox.ts'

/** Runs one task of a bolt: what comes from Storm is executed, and answered when it is done and what it changed is durable. */
export class BoltHost implements InboxOwner {
  readonly #context: ComponentContext
  readonly #commands: Commands
  readonly #task: BoltTask
  readonly #store: TaskStore
  readonly #inbox: TupleInbox
  /** Done, but for the state, which is committed before they are acked. */
  #toAck: StormTuple[] = []
  #committing = false

  private constructor(commands: Commands, parts: BoltParts) {
    this.#context = parts.context
    this.#commands = commands
    this.#store = parts.store
    this.#task = boltTask(parts, operatorOf(parts.context))
    this.#inbox = new TupleInbox(parts.context, commands, this.#task, this)
  }

  /** @throws What opening the bolt, its topics or its state throws. */
  static async open(context: ComponentContext, commands: Commands): Promise<BoltHost> {
    const { log, plan, component, index, tasks, settings, transactional } = context
    const store = await openTaskStore(log, plan, component, index, tasks.get(component.id)!.length)
    const output = await topicOutput(context)
    const refused = refusedBy(context, output)
    const outbox = new Outbox(settings, (to, records, roots) => {
      commands.emit({ to, records, anchors: anchorsOf(roots) })
      for (const root of roots) root.release()
    })
    const ports = portsOf({
      ...context,
      outbox,
      // Before its tuple is acked, since that is done behind it: it need not be held.
      sendPlain: (plain, root) => commands.emitPlain({ ...plain, anchors: anchorsOf([root]) }),
      ...(transactional.size > 0 && {
        spoutPlace: (root) => (root instanceof CarriedRoot ? root.carried.spoutPlace : undefined),
      }),
      refused: ({ root }, error) => refused(root, error),
    })
    const parts: BoltParts = {
      context,
      output,
      ports,
      store,
      timers: new ComponentTimers(store.timers),
      undo: new UndoLog(),
      watermark: () => -Infinity,
    }
    const host = new BoltHost(commands, parts)
    await host.#task.operator.open?.(operatorContext(parts))
    host.#inbox.lookForLate()
    return host
  }

  receive(messages: readonly TupleMessage[]): void {
    for (const message of messages) this.#inbox.receive(message)
  }

  rootDone(): void {}

  tupleDone(tuple: StormTuple): void {
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
}
