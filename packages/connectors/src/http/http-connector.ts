import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import {
  type Connector,
  type Event,
  HeddleError,
  type Sink,
  type SinkContext,
  errorMessage,
  sleep,
} from '@heddle/core'
import { httpAnswered } from '../channels.ts'
import { expandEnvironment, invalidConfig } from '../config.ts'
import { httpMessage } from './http-message.ts'
import { retryAfterMs } from './retry-after.ts'

interface HttpSinkConfig {
  readonly url: URL
  readonly mode: 'binary' | 'structured'
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly concurrency: number
  readonly maxRetryAfterMs: number
}

/** How much of a refusing answer is shown in the error, in characters: enough for a message, not for a page. */
const shownAnswer = 500

/** Posts events to HTTP endpoints: the sinks that `http(url)` names. */
export const httpConnector: Connector = {
  kind: 'http',
  openSink: async (config, context) => new HttpSink(readConfig(config), context),
}

function readConfig(config: Readonly<Record<string, unknown>>): HttpSinkConfig {
  const { url, mode, headers, timeoutMs, concurrency, maxRetryAfterMs } = config
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw invalidConfig('http', 'url', 'must be an http:// or https:// address', url)
  if (mode !== 'binary' && mode !== 'structured')
    throw invalidConfig('http', 'mode', "must be 'binary' or 'structured'", mode)
  return {
    url: parsed,
    mode,
    headers: expandHeaders(headers),
    timeoutMs: positive('timeoutMs', timeoutMs),
    concurrency: Math.floor(positive('concurrency', concurrency)),
    maxRetryAfterMs: positive('maxRetryAfterMs', maxRetryAfterMs),
  }
}

function positive(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw invalidConfig('http', name, 'must be a number above 0', value)
}

function expandHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null)
    throw invalidConfig('http', 'headers', 'must be an object of strings', headers)
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (typeof value !== 'string') throw invalidConfig('http', `headers.${name}`, 'must be a string', value)
      return [name.toLowerCase(), expandEnvironment('http', `headers.${name}`, value)]
    }),
  )
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

class HttpSink implements Sink {
  readonly maxBatch = 1
  readonly concurrency: number
  readonly #config: HttpSinkConfig
  readonly #context: SinkContext
  readonly #agent: HttpAgent | HttpsAgent
  readonly #closing = new AbortController()
  /** The receiver asked for peace until then. It meant all requests, not only the one that it answered. */
  #notBefore = 0

  constructor(config: HttpSinkConfig, context: SinkContext) {
    this.#config = config
    this.#context = context
    this.concurrency = config.concurrency
    const options = { keepAlive: true, maxSockets: config.concurrency }
    this.#agent = config.url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
  }

  async write(events: readonly Event[]): Promise<undefined> {
    for (const event of events) await this.#deliver(event)
  }

  async #deliver(event: Event): Promise<void> {
    const { clock, topology, component, signal } = this.#context
    const { url } = this.#config
    const wait = this.#notBefore - clock.now()
    if (wait > 0) await sleep(clock, wait, signal)

    const started = performance.now()
    let answer: Answer | undefined
    try {
      answer = await this.#post(event)
    } catch (error) {
      throw new HeddleError('HEDDLE_SINK_UNAVAILABLE', `POST ${url.href}: ${errorMessage(error)}`, {
        cause: error,
      })
    } finally {
      if (httpAnswered.hasSubscribers)
        httpAnswered.publish({
          topology,
          component,
          url: url.href,
          status: answer?.status,
          ms: performance.now() - started,
        })
    }
    if (answer.status >= 200 && answer.status < 300) return
    const detail = `POST ${url.href} was answered ${answer.status}${answer.text && `: ${answer.text}`}`
    if (answer.status < 500 && answer.status !== 408 && answer.status !== 429)
      throw new HeddleError('HEDDLE_SINK_REJECTED', detail, { info: { status: answer.status } })

    const asked = retryAfterMs(answer.retryAfter, clock.now())
    const retryAfter = asked === undefined ? undefined : Math.min(asked, this.#config.maxRetryAfterMs)
    if (retryAfter !== undefined) this.#notBefore = Math.max(this.#notBefore, clock.now() + retryAfter)
    throw new HeddleError('HEDDLE_SINK_UNAVAILABLE', detail, {
      info: { status: answer.status, ...(retryAfter !== undefined && { retryAfterMs: retryAfter }) },
    })
  }

  #post(event: Event): Promise<Answer> {
    const { url, mode, headers, timeoutMs } = this.#config
    const message = httpMessage(event, mode)
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([timeout, this.#closing.signal])
    return new Promise<Answer>((resolve, reject) => {
      const fail = (error: Error): void =>
        reject(timeout.aborted ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error)
      const request = send(
        url,
        {
          method: 'POST',
          agent: this.#agent,
          signal,
          headers: {
            'user-agent': 'heddle',
            ...message.headers,
            ...headers,
            'content-length': message.body.byteLength,
          },
        },
        (response) => {
          readAnswer(response).then(resolve, fail)
        },
      )
      request.on('error', fail)
      request.end(message.body)
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#agent.destroy()
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let text = ''
  response.setEncoding('utf8')
  // Read to the end even if it is long: the connection can be used again only then.
  for await (const chunk of response as AsyncIterable<string>)
    if (text.length < shownAnswer) text += chunk.slice(0, shownAnswer - text.length)
  return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text: text.trim() }
}
