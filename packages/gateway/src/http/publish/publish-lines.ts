/**
 * NDJSON: one structured event a line, in a body of any length. The answer is NDJSON too and comes while the body is being
 * sent: a line for each event, in order, and a last one with the sums, so that one that was cut off is known as such.
 *
 * ```
 * {"line":1,"status":201,"topic":"orders","partition":0,"offset":5,"id":"a"}
 * {"line":2,"status":400,"error":{"type":"/problems/HEDDLE_EVENT_INVALID", … }}
 * {"done":true,"stored":1,"duplicates":0,"failed":1}
 * ```
 * `done` is false, with an `error`, when the gateway stopped or the log could not write: what has no line was not stored.
 *
 * A sender that reads the answer only when all is sent would fill both directions and wait for ever: such a one asks for
 * `?results=failures` or `none`. A sender that takes no results for `stallMs` is cut off.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { type Cost, HeddleError } from '@heddle/core'
import type { FastifyReply } from 'fastify'
import { structuredEvent } from '../../cloudevents/structured.ts'
import { publishChannel } from '../channels.ts'
import type { GatewayContext } from '../context.ts'
import { problemOf } from '../problem.ts'
import { one } from '../read/start.ts'
import { StreamWriter } from '../read/stream-writer.ts'
import { throttle } from '../read/throttle.ts'
import { type GatewayRequest, topicResource } from '../routes/route.ts'
import { LineSplitter } from './line-splitter.ts'
import { Batch } from './publish-batch.ts'

/** Appends under way of one stream: while one is being made durable the next is read. More would only cost memory. */
const maxAppends = 4

type Results = 'all' | 'failures' | 'none'

/** Answers a publish as NDJSON. */
export async function publishLines(
  context: GatewayContext,
  request: GatewayRequest,
  reply: FastifyReply,
): Promise<void> {
  const { clock, limits, log } = context
  const topic = request.params['topic']!
  const results = resultsOf(one(request.query, 'results'))
  if (!(await log.describeTopic(topic))) throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'${topic}'`)
  reply.hijack()
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
  })
  // Now, not with the first result: the sender may wait for the head before it sends.
  reply.raw.flushHeaders()
  const writer = new StreamWriter(reply.raw, clock, limits.stallMs)
  const intake = new LineIntake(context, request, writer, results)
  let error: unknown
  try {
    await intake.run()
  } catch (thrown) {
    error = thrown
  }
  if (writer.end === 'stalled')
    error = new HeddleError(
      'HEDDLE_HTTP_READER_STALLED',
      `no results were taken for ${limits.stallMs} ms; ask for ?results=failures`,
    )
  const { stored, duplicates, failed } = intake
  const why = error === undefined ? '' : `,"error":${JSON.stringify(problemOf(error))}`
  writer.finish(
    `{"done":${error === undefined},"stored":${stored},"duplicates":${duplicates},"failed":${failed}${why}}\n`,
    false,
  )
  discard(context, request.raw)
}

function resultsOf(text: string | undefined): Results {
  if (text === undefined) return 'all'
  if (text === 'all' || text === 'failures' || text === 'none') return text
  throw new HeddleError(
    'HEDDLE_HTTP_BAD_REQUEST',
    `results must be all, failures or none, and is '${text}'`,
    { info: { parameter: 'results' } },
  )
}

// What is still coming of a body that is not wanted any more: to close at once would reset the connection, and the sender
// would never see why.
function discard({ clock, limits }: GatewayContext, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  const timer = clock.after(limits.stallMs, () => request.destroy())
  request.on('close', () => timer.clear()).resume()
}

class LineIntake {
  stored = 0
  duplicates = 0
  failed = 0
  readonly #context: GatewayContext
  readonly #request: GatewayRequest
  readonly #writer: StreamWriter
  readonly #results: Results
  readonly #topic: string
  readonly #signal: AbortSignal
  /** Appends under way, oldest first. */
  readonly #appends: Promise<void>[] = []
  #written = 0
  #bytes = 0

  constructor(context: GatewayContext, request: GatewayRequest, writer: StreamWriter, results: Results) {
    this.#context = context
    this.#request = request
    this.#writer = writer
    this.#results = results
    this.#topic = request.params['topic']!
    this.#signal = AbortSignal.any([writer.signal, context.stopping])
  }

  async run(): Promise<void> {
    const began = performance.now()
    let outcomes: PromiseSettledResult<unknown>[]
    try {
      await this.#intake()
    } finally {
      // What was begun is answered, whatever stopped the reading.
      outcomes = await Promise.allSettled(this.#appends)
      this.#publish(performance.now() - began)
    }
    // Only the first one matters: those after it were refused for the same reason.
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    if (refused) throw refused.reason
    if (this.#context.stopping.aborted) {
      throw new HeddleError(
        'HEDDLE_HTTP_UNAVAILABLE',
        'the gateway is stopping: send the lines that have no result again',
      )
    }
  }

  async #intake(): Promise<void> {
    const lines = new LineSplitter(this.#context.limits.maxLineBytes)
    for (;;) {
      const chunk = await nextChunk(this.#request.raw, this.#signal)
      if (!chunk) break
      await this.#take(chunk.length, (batch) => lines.push(chunk, batch))
    }
    if (!this.#signal.aborted) await this.#take(0, (batch) => lines.end(batch))
  }

  #publish(ms: number): void {
    if (!publishChannel.hasSubscribers) return
    const { duplicates, failed, stored } = this
    const events = stored + duplicates + failed
    publishChannel.publish({
      topic: this.#topic,
      mode: 'ndjson',
      events,
      duplicates,
      failed,
      bytes: this.#bytes,
      ms,
    })
  }

  /** Reads the lines of a chunk into one append, and waits while too many are under way. */
  async #take(bytes: number, read: (line: (bytes: Buffer | undefined) => void) => void): Promise<void> {
    const batch = new Batch()
    const traceparent = this.#request.headers['traceparent']
    const { limits } = this.#context
    read((line) => {
      if (line === undefined)
        batch.refuse(
          new HeddleError('HEDDLE_HTTP_BODY_TOO_LARGE', `a line has at most ${limits.maxLineBytes} bytes`),
        )
      else if (!isBlank(line)) batch.add(() => structuredEvent(line, traceparent))
    })
    if (batch.size === 0) return
    this.#bytes += bytes
    await this.#charge({ events: batch.records.length, bytes })
    const previous = this.#appends.at(-1)
    this.#appends.push(this.#append(batch, bytes, previous))
    // A refusal is seen here, or by `run` at the end; meanwhile it must not count as unhandled.
    this.#appends.at(-1)!.catch(nothing)
    if (this.#appends.length >= maxAppends) await this.#appends.shift()
  }

  async #charge(cost: Cost): Promise<void> {
    const { access, clock } = this.#context
    await throttle(
      access,
      this.#request.principal,
      cost,
      topicResource(this.#request.params),
      clock,
      this.#signal,
    )
  }

  async #append(batch: Batch, bytes: number, previous: Promise<void> | undefined): Promise<void> {
    const { load, log } = this.#context
    load.bytes += bytes
    try {
      await batch.append(log, this.#topic)
    } finally {
      load.bytes -= bytes
    }
    await previous
    this.stored += batch.stored
    this.duplicates += batch.duplicates
    this.failed += batch.failed
    let text = ''
    for (const result of batch.results(this.#topic)) {
      this.#written++
      if (this.#results === 'all' || (result.failed && this.#results === 'failures'))
        text += `{"line":${this.#written},${result.text.slice(1)}\n`
    }
    if (text !== '') await this.#writer.write(text)
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
  return true
}

const nothing = (): undefined => undefined

/** The next bytes of a body; `undefined` when there are no more, or nobody wants them. */
async function nextChunk(body: IncomingMessage, signal: AbortSignal): Promise<Buffer | undefined> {
  while (!signal.aborted) {
    const chunk = body.read() as Buffer | null
    if (chunk) return chunk
    if (body.readableEnded || body.destroyed) return undefined
    await changeOf(body, signal)
  }
  return undefined
}

/** Resolves when there may be more to read, or will be no more. */
function changeOf(body: IncomingMessage, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      body.off('readable', done).off('end', done).off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    body.on('readable', done).on('end', done).on('close', done)
    signal.addEventListener('abort', done)
  })
}
