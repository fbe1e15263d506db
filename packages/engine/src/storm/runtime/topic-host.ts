import { Ingest } from '../../local/ingest.ts'
import { withDefaults } from '../../local/options.ts'
import type { Root } from '../../local/root.ts'
import type { Commands } from './commands.ts'
import type { ComponentContext } from './component-context.ts'
import { NewsSender } from './news-sender.ts'
import type { News } from './news.ts'
import { Outbox } from './outbox.ts'
import { outputsReads } from './outputs-reads.ts'
import { type Reads, eventReads } from './reads.ts'
import { SentBatches } from './sent-batches.ts'
import type { SourceHost } from './source-host.ts'
import { sourceName } from './time-sources.ts'
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
  readonly #reads: Reads
  readonly #ingest: Ingest
  readonly #news: NewsSender
  #purgedAt: number
  #reader: TopicReader | undefined
  #running: Promise<void> = Promise.resolve()

  private constructor(context: ComponentContext, commands: Commands, { letters }: TopicOutput) {
    const { plan, component, log, clock, report, transactional } = context
    this.#context = context
    this.#sent = new SentBatches(commands)
    this.#news = new NewsSender(context, commands)
    this.#purgedAt = clock.now()
    const refused = (root: Root, error: unknown): void => {
      report(error)
      letters.write({ ...letters.unknown(root.startedAt), component: component.id, root, error })
    }
    this.#outbox = new Outbox(context.settings, this.#sent.send, {
      clock,
      underWay: (to) => this.#sent.underWay(to),
    })
    this.#reads = (context.reads ? outputsReads : eventReads)(context, {
      ...context,
      outbox: this.#outbox,
      sendPlain: this.#sent.sendPlain,
      ...(transactional.size > 0 && {
        spoutPlace: ({ place }) =>
          place && {
            component: component.id,
            partition: place.partition,
            offset: place.record.offset,
          },
      }),
      refused: ({ root }, error) => refused(root, error),
    })
    const { inlet, rootOf, firstElsewhere } = this.#reads
    this.#ingest = new Ingest({
      topology: plan.name,
      log,
      clock,
      settings: withDefaults({ log, clock }),
      spouts: [inlet],
      rootOf,
      ...(firstElsewhere && { firstElsewhere }),
      timed: this.#news.wanted,
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
    const { group, topic, purges } = this.#reads
    const settings = withDefaults({ log, clock })
    const reader = new TopicReader({
      clock,
      settings,
      plan: plan.settings,
      ingest: this.#ingest,
      flush: () => this.#outbox.flush(),
      committed: async () => {
        if (this.#news.wanted) await this.#tell()
        if (purges && clock.now() - this.#purgedAt >= settings.purgeMs) await this.#purge()
      },
      report,
    })
    this.#reader = reader
    const join = (handlers: object) =>
      log.joinGroup({
        ...handlers,
        group,
        // A process takes the place of the one before at once.
        member: `storm/${component.id}/${index}`,
        topics: [topic],
      })
    // The one before first leaves, when what it has under way is done.
    this.#running = this.#running.then(() => reader.run(join)).catch(broken)
  }

  acked(id: string): void {
    this.#sent.acked(id)
    this.#outbox.more()
  }

  failed(id: string): void {
    this.#sent.failed(id)
    this.#outbox.more()
  }

  /** Tells how far event time has come, and what is done for good. */
  async #tell(): Promise<void> {
    const { component } = this.#context
    const { timeOf, silent } = this.#reads
    if (this.#news.due) await this.#ingest.lookAtEnds(silent)
    const news: Record<string, News[string]> = {}
    const done: unknown[] = []
    for (const lane of this.#ingest.lanes) {
      const time = timeOf(lane)
      const { offset, metadata } = lane.committedProgress
      const progress = { offset, ...(metadata !== undefined && { metadata }) }
      news[sourceName(component.id, lane.partition)] = {
        time: Number.isFinite(time) ? time : null,
        done: progress,
      }
      done.push(lane.partition, progress)
    }
    if (done.length > 0) this.#news.send(news, JSON.stringify(done))
  }

  /** Deletes what is done for good. */
  async #purge(): Promise<void> {
    const { log, clock } = this.#context
    this.#purgedAt = clock.now()
    for (const { topic, partition, committedOffset: offset } of this.#ingest.lanes)
      if (offset > 0) await log.deleteRecords?.({ topic, partition, offset })
  }
}
