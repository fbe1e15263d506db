/**
 * A batch: an array of events in one body, each with a result of its own.
 *
 * ```
 * 200  all are stored (now, or before)          { "stored", "duplicates", "failed": 0, "results": [ … ] }
 * 207  some are, some are refused               the same; a refused item is { "status", "error": problem }
 * 400  all were refused                         the same
 * ```
 * What is no JSON array, too many events, or a log that cannot write, is a problem as anywhere: then none is stored.
 *
 * @module
 */
import { type Appended, HeddleError, type RecordInput, isHeddleError } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import type { Incoming } from '../../cloudevents/incoming.ts'
import { batchText, structuredAt } from '../../cloudevents/structured.ts'
import { publishChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import type { GatewayLogPort } from '../options.ts'
import { problemOf } from '../problem.ts'
import { type GatewayRequest, sendJsonText, topicResource } from '../routes/route.ts'
import { once, placeStatus, placeText } from './place.ts'

/** Answers a publish in batched mode. */
export async function publishBatch(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const began = performance.now()
  const { access, load, limits, log } = context
  const topic = request.params['topic']!
  const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
  const { ranges, text } = batchText(body)
  if (ranges.length > limits.maxBatchEvents) {
    throw new HeddleError(
      'HEDDLE_HTTP_BODY_TOO_LARGE',
      `${ranges.length} events in one batch; at most ${limits.maxBatchEvents}`,
      { info: { maxBatchEvents: limits.maxBatchEvents } },
    )
  }
  const batch = new Batch()
  const traceparent = request.headers['traceparent']
  for (const range of ranges) batch.add(() => structuredAt(text, range, traceparent))

  load.bytes += body.length
  try {
    const charged = access.charge(
      request.principal,
      { events: batch.records.length, bytes: body.length },
      topicResource(request.params),
    )
    if (charged) await charged
    await batch.append(log, topic)
  } finally {
    load.bytes -= body.length
  }
  sendJsonText(reply, batch.status, batch.summary(topic))
  if (publishChannel.hasSubscribers) {
    const { duplicates, failed } = batch
    publishChannel.publish({
      topic,
      mode: 'batch',
      events: ranges.length,
      duplicates,
      failed,
      bytes: body.length,
      ms: performance.now() - began,
    })
  }
}

/** Items of one append, each with what became of it. */
export class Batch {
  readonly records: RecordInput[] = []
  stored = 0
  duplicates = 0
  failed = 0
  /** Of each item: its event's id, or why it was refused. */
  readonly #items: ({ readonly id: string } | { readonly error: unknown })[] = []
  #outcomes: (Appended | { readonly error: unknown })[] = []

  get size(): number {
    return this.#items.length
  }

  /** Takes in one event; one that is not valid becomes a refused item. */
  add(read: () => Incoming): void {
    try {
      const { id, record } = read()
      this.records.push(record)
      this.#items.push({ id })
    } catch (error) {
      this.refuse(error)
    }
  }

  refuse(error: unknown): void {
    this.#items.push({ error })
  }

  /** Appends the valid items, in order. @throws when the log cannot: then none is stored. */
  async append(log: GatewayLogPort, topic: string): Promise<void> {
    this.#outcomes = this.records.length === 0 ? [] : await appendEach(log, topic, this.records)
    for (const outcome of this.#outcomes) {
      if ('error' in outcome) this.failed++
      else if (outcome.duplicate) this.duplicates++
      else this.stored++
    }
    this.failed += this.#items.length - this.records.length
  }

  get status(): number {
    if (this.failed === 0) return 200
    return this.stored + this.duplicates > 0 ? 207 : 400
  }

  /** The result of each item as JSON, in order, with whether it was refused. */
  *results(topic: string): Generator<{ readonly text: string; readonly failed: boolean }> {
    let next = 0
    for (const item of this.#items) {
      const outcome = 'error' in item ? item : this.#outcomes[next++]!
      if ('error' in outcome) {
        const problem = problemOf(outcome.error)
        yield { text: `{"status":${problem.status},"error":${JSON.stringify(problem)}}`, failed: true }
      } else {
        yield {
          text: `{"status":${placeStatus(outcome)},${placeText(topic, (item as { id: string }).id, outcome).slice(1)}`,
          failed: false,
        }
      }
    }
  }

  summary(topic: string): string {
    let results = ''
    for (const { text } of this.results(topic)) results += results === '' ? text : `,${text}`
    return `{"stored":${this.stored},"duplicates":${this.duplicates},"failed":${this.failed},"results":[${results}]}`
  }
}

/** Appends as one; when a record is refused for itself (too large, without the key of a compacted topic, for a time
 * that is none), each by itself. */
async function appendEach(
  log: GatewayLogPort,
  topic: string,
  records: readonly RecordInput[],
): Promise<(Appended | { readonly error: unknown })[]> {
  try {
    return [...(await log.append(topic, records, once))]
  } catch (error) {
    if (
      !isHeddleError(error, 'HEDDLE_LOG_RECORD_TOO_LARGE') &&
      !isHeddleError(error, 'HEDDLE_LOG_RECORD_INVALID') &&
      !isHeddleError(error, 'HEDDLE_SCHEDULE_INVALID')
    )
      throw error
    // Started in order, which the log keeps.
    const outcomes = await Promise.allSettled(records.map((record) => log.append(topic, [record], once)))
    return outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value[0]! : { error: outcome.reason as unknown },
    )
  }
}
