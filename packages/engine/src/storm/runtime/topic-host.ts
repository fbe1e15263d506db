import { type LogRecord, fromRecord } from '@heddle/core'
import { type Begun, Ingest } from '../../local/ingest.ts'
import type { Lane } from '../../local/lane.ts'
import { withDefaults } from '../../local/options.ts'
import { Root, type RootOwner } from '../../local/root.ts'
import { TopicSpout } from '../../local/topic-spout.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { groupOf } from './group-of.ts'
import { Outbox } from './outbox.ts'
import { portsOf } from './ports.ts'
import { SentBatches } from './sent-batches.ts'
import type { SourceHost } from './source-host.ts'
import { type TopicOutput, topicOutput } from './topic-output.ts'
import { TopicReader } from './topic-reader.ts'

/**
 * Runs one task of a spout that reads a topic. The tasks share the partitions as a consumer group, and are in it for as long as
 * the topology is active and something is under way: a group without members has nothing left to do.
 */
export class TopicHost implements SourceHost {
  readonly #context: ComponentContext
  readonly #sent: SentBatches
  readonly #outbox: Outbox
  readonly #ingest: Ingest
  #reader: TopicReader | undefined
  #running: Promise<void> = Promise.resolve()

  private constructor(context: ComponentContext, commands: Commands, { letters }: TopicOutput) {
    const { plan, component, task, index, topology, log, clock, stats, report } = context
    this.#context = context
    this.#sent = new SentBatches(commands)
    const refused = (root: Root, error: unknown): void => {
      report(error)
      letters.write({ ...letters.unknown(root.startedAt), component: component.id, root, error })
    }
    this.#outbox = new Outbox(context.settings, this.#sent.send)
    const ports = portsOf({
      ...context,
      outbox: this.#outbox,
      sendPlain: this.#sent.sendPlain,
      refused: ({ root }, error) => refused(root, error),
    })
    const code = topology.code.get(component.id) ?? {}
    this.#ingest = new Ingest({
      topology: plan.name,
      log,
      clock,
      settings: withDefaults({ log, clock }),
      spouts: [new TopicSpout([{ component, number: task, index, ports }], code, stats)],
      rootOf,
      fenced: false,
      timed: false,
      timeOf: () => -Infinity,
      refused: (root, _, error) => refused(root, error),
    })
  }

  static async open(context: ComponentContext, commands: Commands): Promise<TopicHost> {
    return new TopicHost(context, commands, await topicOutput(context))
  }

  activate(active: boolean): void {
    if (active === (this.#reader !== undefined)) return
    if (!active) {
      this.#reader!.stop()
      this.#reader = undefined
      return
    }
    const { plan, component, index, log, clock, report, broken } = this.#context
    const settings = withDefaults({ log, clock })
    const reader = new TopicReader({
      clock,
      settings,
      plan: plan.settings,
      ingest: this.#ingest,
      flush: () => this.#outbox.flush(),
      report,
    })
    this.#reader = reader
    const join = (handlers: object) =>
      log.joinGroup({
        ...handlers,
        group: groupOf(plan, component),
        // A process takes the place of the one before at once.
        member: `storm/${component.id}/${index}`,
        topics: [component.config['topic'] as string],
      })
    // The one before first leaves, when what it has under way is done.
    this.#running = this.#running.then(() => reader.run(join)).catch(broken)
  }

  acked(id: string): void {
    this.#sent.acked(id)
  }

  failed(id: string): void {
    this.#sent.failed(id)
  }
}

/** The root of a record. What some other program wrote gets its identity here, where its place is known. */
function rootOf(owner: RootOwner, now: number, lane: Lane, record: LogRecord): Begun {
  const place = { topic: lane.topic, partition: lane.partition, record }
  try {
    const read = fromRecord(record, lane)
    const event = record.headers.some(([name]) => name === 'ce_id') ? read : { ...read }
    return { root: new Root(owner, now, { ...place, event }) }
  } catch (error) {
    return { root: new Root(owner, now, { ...place, event: undefined }), unreadable: error }
  }
}
