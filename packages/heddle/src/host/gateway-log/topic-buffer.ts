import { type AppendOptions, type Appended, HeddleError, type RecordInput, sleep } from '@heddle/core'
import { away, isAway, reasonOf, waitAfter, within } from './away.ts'
import type { BufferContext, Waiting } from './buffer-context.ts'
import { bufferChannel } from './channels.ts'
import { Seen } from './seen.ts'
import type { Target } from './target.ts'

/** What one transaction takes out of the buffer at most: enough to hide its round trips. */
const drainRecords = 2_000
const drainBytes = 2 ** 20

/** How long a read of the buffer waits for what is said to be there, in ms. */
const readWaitMs = 1_000

/** The one partition of each topic in the buffer: what waits there is in the order in which it came. */
const partition = 0

/** A publish that the log has, and has not answered yet. */
interface UnderWay {
  readonly records: readonly RecordInput[]
  readonly options: AppendOptions | undefined
  readonly resolve: (answer: readonly Appended[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * The way of one topic's events: to the log, or, from the moment that the log does not answer, into the buffer, until that is
 * empty again. Never both at once: whatever comes while something waits goes behind it.
 */
export class TopicBuffer {
  readonly #topic: string
  readonly #context: BufferContext
  #target: Target | undefined
  #buffering: boolean
  readonly #underWay = new Set<UnderWay>()
  /** Its topic in the embedded log, when that is there. */
  #made: Promise<unknown> | undefined
  /** Appends to the buffer that have no answer yet. */
  #writing = 0
  #written: (() => void)[] = []
  /** Offsets in the buffer: what is next to be brought to the log, and where it ends. */
  #next = 0
  #end = 0
  #bytes = 0
  #since: number | undefined
  #error: unknown
  #draining: Promise<void> | undefined

  constructor(topic: string, context: BufferContext, target: Target | undefined) {
    this.#topic = topic
    this.#context = context
    this.#target = target
    this.#buffering = target === undefined
  }

  /** Takes up what an earlier process left. @param bytes What that is counted as, and is counted already. */
  resume(from: number, to: number, bytes: number, since: number): void {
    this.#next = from
    this.#end = to
    this.#bytes = bytes
    this.#since = since
    this.#buffering = true
  }

  /** The log is there: what waits is brought to it. */
  attach(target: Target): void {
    this.#target = target
    if (!this.#buffering || this.#draining) return
    const draining = this.#drain(target)
    // Where nothing waits it is over already.
    if (this.#buffering) this.#draining = draining
  }

  get waiting(): Waiting | undefined {
    if (!this.#buffering) return undefined
    return {
      topic: this.#topic,
      events: this.#end - this.#next,
      bytes: this.#bytes,
      since: this.#since,
      error: this.#error === undefined ? undefined : reasonOf(this.#error),
    }
  }

  append(records: readonly RecordInput[], options?: AppendOptions): Promise<readonly Appended[]> {
    if (this.#buffering) return this.#put(records, options)
    const { clock, timeoutMs, watch } = this.#context
    return new Promise((resolve, reject) => {
      const publish: UnderWay = { records, options, resolve, reject }
      this.#underWay.add(publish)
      const timer = clock.after(timeoutMs, () => {
        if (this.#underWay.has(publish)) this.#turn(`no answer within ${timeoutMs} ms`)
      })
      this.#target!.log.append(this.#topic, records, options).then(
        (answer) => {
          timer.clear()
          this.#underWay.delete(publish)
          watch(undefined)
          resolve(answer)
        },
        (error: unknown) => {
          timer.clear()
          // It is in the buffer already.
          if (!this.#underWay.has(publish)) return
          if (isAway(error)) return this.#turn(reasonOf(error))
          this.#underWay.delete(publish)
          publish.reject(error)
        },
      )
    })
  }

  /** Nothing of it is under way, and nothing waits. */
  get idle(): boolean {
    return !this.#buffering && this.#underWay.size === 0
  }

  /** Resolves when what was accepted is on disk. What waits stays for the next start. */
  async close(): Promise<void> {
    const { clock, timeoutMs } = this.#context
    // A log that is away can take longer; what it has of it then is found out at the next start.
    if (this.#draining) await within(clock, timeoutMs, this.#draining).catch(() => undefined)
    while (this.#writing > 0) await new Promise<void>((resolve) => this.#written.push(resolve))
  }

  /**
   * From now on into the buffer, beginning with what the log has not answered, in the order in which it came. The log may
   * have some of it all the same: that is found out when the buffer is emptied.
   */
  #turn(reason: string): void {
    this.#context.watch(reason)
    this.#buffering = true
    const publishes = [...this.#underWay]
    this.#underWay.clear()
    for (const { records, options, resolve, reject } of publishes)
      this.#put(records, options).then(resolve, reject)
    bufferChannel.publish({ topic: this.#topic, state: 'buffering', events: 0, error: reason })
    this.attach(this.#target!)
  }

  async #put(records: readonly RecordInput[], options?: AppendOptions): Promise<readonly Appended[]> {
    const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0)
    this.#admit(records, bytes)
    if (records.length === 0) return []
    this.#bytes += bytes
    this.#writing++
    try {
      this.#since ??= this.#context.clock.now()
      await (this.#made ??= this.#make())
      const answers = await this.#context.kept.append(this.#topic, records, options)
      for (const { offset, duplicate } of answers)
        if (duplicate !== true) this.#end = Math.max(this.#end, offset + 1)
      return answers.map(({ duplicate }) => ({
        partition: -1,
        offset: -1,
        buffered: true,
        ...(duplicate && { duplicate }),
      }))
    } catch (error) {
      this.#release(bytes)
      throw error
    } finally {
      this.#writing--
      if (this.#writing === 0) for (const wake of this.#written.splice(0)) wake()
    }
  }

  /** @throws when the records cannot be taken in. */
  #admit(records: readonly RecordInput[], bytes: number): void {
    const { check, clock, known, maxAgeMs, take } = this.#context
    check()
    const spec = known(this.#topic)
    if (spec === undefined)
      throw away(`the settings of topic '${this.#topic}' are not known while the log is away`, 5_000)
    const keyless = spec.compaction === true ? records.findIndex(({ key }) => key == null) : -1
    if (keyless >= 0)
      throw new HeddleError(
        'HEDDLE_LOG_RECORD_INVALID',
        `record ${keyless} has no key, and '${this.#topic}' is compacted`,
        {
          info: { index: keyless },
        },
      )
    if (this.#since !== undefined && clock.now() - this.#since > maxAgeMs)
      throw new HeddleError(
        'HEDDLE_BUFFER_FULL',
        `events of '${this.#topic}' have waited for more than ${maxAgeMs} ms`,
        { info: { retryAfterMs: 5_000 } },
      )
    take(bytes)
  }

  /** Its topic in the buffer takes what the topic itself takes. */
  async #make(): Promise<void> {
    const { kept, known } = this.#context
    const { dedupe, durability, maxRecordBytes } = known(this.#topic)!
    const settings = {
      ...(dedupe && { dedupe }),
      ...(durability && { durability }),
      ...(maxRecordBytes !== undefined && { maxRecordBytes }),
    }
    try {
      if (await kept.describeTopic(this.#topic)) await kept.alterTopic(this.#topic, settings)
      else await kept.createTopic({ name: this.#topic, partitions: 1, ...settings })
    } catch (error) {
      this.#made = undefined
      throw error
    }
  }

  #release(bytes: number): void {
    const given = Math.min(bytes, this.#bytes)
    this.#bytes -= given
    this.#context.release(given)
  }

  async #drain(target: Target): Promise<void> {
    const { clock, stopping, watch } = this.#context
    let seen: Seen | undefined
    let drained = 0
    for (let failures = 0; !stopping.aborted;) {
      try {
        if (this.#next >= this.#end) {
          // Nothing is awaited in between, so that nothing gets behind what is direct.
          if (this.#writing === 0) return this.#emptied(drained)
          await new Promise<void>((resolve) => this.#written.push(resolve))
          continue
        }
        seen ??= await this.#seen(target)
        drained += await this.#drainSome(target, seen)
        failures = 0
        this.#error = undefined
        watch(undefined)
      } catch (error) {
        failures++
        seen = undefined
        this.#error = error
        if (isAway(error)) watch(reasonOf(error))
        bufferChannel.publish({
          topic: this.#topic,
          state: 'failed',
          events: this.#end - this.#next,
          error,
        })
        await sleep(clock, waitAfter(failures), stopping)
        await target.reset()
      }
    }
  }

  #emptied(drained: number): void {
    this.#buffering = false
    this.#draining = undefined
    // The topic may have other settings at the next time.
    this.#made = undefined
    this.#since = undefined
    this.#release(this.#bytes)
    if (drained > 0) bufferChannel.publish({ topic: this.#topic, state: 'empty', events: drained })
  }

  /** The topic as it is now; made again, if somebody has deleted it: what was accepted is not dropped. */
  async #seen(target: Target): Promise<Seen> {
    const { known } = this.#context
    const found = await target.log.describeTopic(this.#topic)
    const spec = known(this.#topic)
    const { name, compaction, dedupe, durability, maxRecordBytes, partitions, retention } = {
      ...spec,
      name: this.#topic,
    }
    const topic =
      found ??
      (await target.log.createTopic({
        name,
        ...(partitions !== undefined && { partitions }),
        ...(retention && { retention }),
        ...(compaction !== undefined && { compaction }),
        ...(dedupe && { dedupe }),
        ...(durability && { durability }),
        ...(maxRecordBytes !== undefined && { maxRecordBytes }),
      }))
    return Seen.of(target.log, topic, this.#since ?? this.#context.clock.now())
  }

  /** Brings some events to the log; how many they were. */
  async #drainSome(target: Target, seen: Seen): Promise<number> {
    const { check, clock, kept } = this.#context
    check()
    // What was committed by an attempt whose answer was lost is not brought again.
    this.#next = Math.max(this.#next, await target.position(this.#topic))
    if (this.#next >= this.#end) return 0
    const [fetched] = await kept.read([{ topic: this.#topic, partition, offset: this.#next }], {
      maxRecords: drainRecords,
      maxBytes: drainBytes,
      waitMs: readWaitMs,
    })
    if (fetched === undefined) return 0
    const { records, nextOffset } = fetched
    const fresh = await seen.fresh(records, clock.now())
    await target.write(
      this.#topic,
      fresh.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp })),
      nextOffset,
    )
    this.#next = nextOffset
    this.#since = records.at(-1)?.timestamp ?? this.#since
    this.#release(records.reduce((sum, record) => sum + bytesOf(record), 0))
    await kept.deleteRecords?.({ topic: this.#topic, partition, offset: nextOffset })
    return records.length
  }
}

/** What a record is counted as: its content, as the topic's `maxRecordBytes` counts it, about. */
function bytesOf({ key, value, headers = [] }: RecordInput): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += name.length + text.length
  return bytes
}
