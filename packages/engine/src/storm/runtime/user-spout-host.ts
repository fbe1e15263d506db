import { type GroupMember, type Spout, type SpoutCode, sleep } from '@heddle/core'
import { Bell } from '../../local/bell.ts'
import { EventTime } from '../../local/event-time.ts'
import { withDefaults } from '../../local/options.ts'
import type { Root } from '../../local/root.ts'
import { SpoutDriver } from '../../local/spout-driver.ts'
import { TopologyStats } from '../../local/topology-stats.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { groupOf } from './group-of.ts'
import { NewsSender } from './news-sender.ts'
import { Outbox } from './outbox.ts'
import { portsOf } from './ports.ts'
import { SentBatches } from './sent-batches.ts'
import type { SourceHost } from './source-host.ts'
import { StormState, type TaskStore, openTaskStore } from './task-store.ts'
import { sourceName } from './time-sources.ts'
import { topicOutput } from './topic-output.ts'

/**
 * Runs one task of a user's spout: asks it for tuples as long as the topology is active, and tells it what became of them. State is
 * committed when what was under way at that moment is done, so that nothing that it has forgotten is still on its way.
 */
export class UserSpoutHost implements SourceHost {
  readonly #context: ComponentContext
  readonly #sent: SentBatches
  readonly #outbox: Outbox
  readonly #store: TaskStore
  readonly #driver: SpoutDriver
  readonly #news: NewsSender
  readonly #eventTime: EventTime
  /** Rings when a tuple is done or failed. */
  readonly #bell = new Bell()
  #stopped: AbortController | undefined
  #running: Promise<void> = Promise.resolve()

  private constructor(
    context: ComponentContext,
    commands: Commands,
    store: TaskStore,
    refused: (root: Root, error: unknown) => void,
  ) {
    const { topology, plan, component, task, index, log, clock, stats, report } = context
    this.#context = context
    this.#store = store
    this.#sent = new SentBatches(commands)
    this.#news = new NewsSender(context, commands)
    this.#eventTime = new EventTime(plan, clock, -Infinity)
    this.#outbox = new Outbox(context.settings, this.#sent.send, {
      clock,
      underWay: (to) => this.#sent.underWay(to),
    })
    const ports = portsOf({
      ...context,
      outbox: this.#outbox,
      sendPlain: this.#sent.sendPlain,
      refused: ({ root }, error) => refused(root, error),
    })
    const code = topology.code.get(component.id)?.['spout'] as SpoutCode
    const spout: Spout = 'create' in code ? code.create() : code
    this.#driver = new SpoutDriver({ component, number: task, index, ports }, spout, {
      topology: plan.name,
      clock,
      settings: withDefaults({ log, clock }),
      maxPending: plan.settings.maxPending,
      stats,
      topologyStats: new TopologyStats(),
      congested: () => false,
      report: (_, error) => report(error),
      abandon: () => {},
      changed: () => this.#bell.ring(),
    })
  }

  /** @throws What opening the spout, its topics or its state throws. */
  static async open(context: ComponentContext, commands: Commands): Promise<UserSpoutHost> {
    const { plan, component, task, index, tasks, log, clock, report } = context
    const count = tasks.get(component.id)!.length
    const store = await openTaskStore(log, plan, component, index, count)
    const { letters } = await topicOutput(context)
    const host = new UserSpoutHost(context, commands, store, (root, error) => {
      report(error)
      letters.write({ ...letters.unknown(root.startedAt), component: component.id, root, error })
    })
    await host.#driver.open({
      topology: plan.name,
      component: component.id,
      task,
      index,
      tasks: count,
      clock,
      state: new StormState(store.state, undefined),
      tasksOf: (other) => tasks.get(other) ?? [],
      signal: new AbortController().signal,
      log,
    })
    return host
  }

  activate(active: boolean): void {
    if (active === (this.#stopped !== undefined)) return
    if (!active) {
      this.#stopped!.abort()
      this.#stopped = undefined
      return
    }
    const stopped = new AbortController()
    this.#stopped = stopped
    this.#running = this.#running.then(() => this.#run(stopped.signal)).catch(this.#context.broken)
  }

  acked(id: string): void {
    this.#sent.acked(id)
    this.#outbox.more()
  }

  failed(id: string): void {
    this.#sent.failed(id)
    this.#outbox.more()
  }

  async #run(stopped: AbortSignal): Promise<void> {
    const { clock, plan } = this.#context
    const member = await this.#join()
    try {
      const driven = this.#driver.run(stopped)
      while (!stopped.aborted) {
        await sleep(clock, plan.settings.commitIntervalMs, stopped)
        await this.#commit()
        if (this.#news.wanted) await this.#tell()
      }
      await driven
      while (this.#driver.pending > 0) await this.#bell.wait()
      await this.#commit()
    } finally {
      await member.leave()
    }
  }

  /** A group of its own, in which nothing is read: it has members for as long as something may be under way. */
  #join(): Promise<GroupMember> {
    const { plan, component, index, log } = this.#context
    return log.joinGroup({
      group: groupOf(plan, component),
      member: `storm/${component.id}/${index}`,
      topics: [plan.settings.deadLetterTopic],
    })
  }

  #commit(): Promise<void> {
    return this.#store.commit(() => this.#untilDone())
  }

  /** Tells how far event time has come, when all that was emitted until then is done. */
  async #tell(): Promise<void> {
    const { component, index } = this.#context
    const time = this.#eventTime.timeOfSource(this.#driver)
    await this.#untilDone()
    const news = { time: Number.isFinite(time) ? time : null, done: null }
    this.#news.send({ [sourceName(component.id, index)]: news }, String(this.#driver.time))
  }

  /** Waits until what is under way now is done, or failed. */
  async #untilDone(): Promise<void> {
    const underWay = new Set(this.#driver.roots())
    for (;;) {
      for (const root of underWay) if (root.dead || root.finished) underWay.delete(root)
      if (underWay.size === 0) return
      await this.#bell.wait()
    }
  }
}
