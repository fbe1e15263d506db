import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type Clock, type Delivered, type PushSettings, errorMessage } from '@heddle/core'
import type { AddressGuard } from './address-guard.ts'
import { bodyOf, contentType, webhookId } from './message.ts'
import { retryAfterMs } from './retry-after.ts'
import { type Sign, signer } from './signature.ts'

/** How much of an answer is kept, in characters: enough for a message, not for a page. */
const shownAnswer = 500

/** How much of an answer is read, in bytes, so that the connection can be used again; one that goes on is cut off. */
const maxAnswerBytes = 64 * 1024

/** What an endpoint made of a request. */
export interface Answer {
  /**
   * `accepted` (2xx). `refused`: it is alive, and does not take this event. `busy`: 408, 429, 5xx, or no answer. `gone` (410): it
   * wants no more. `invalid`: the event cannot be written as a request.
   */
  readonly outcome: 'accepted' | 'refused' | 'busy' | 'gone' | 'invalid'
  /** `undefined` without an answer. */
  readonly status: number | undefined
  readonly reason: string
  /** What it asks to wait. */
  readonly retryAfterMs: number | undefined
  readonly ms: number
}

export interface EndpointContext {
  readonly clock: Clock
  readonly guard: AddressGuard
}

/** Posts events to one URL. Redirects are not followed: they could lead anywhere, and would carry the signature there. */
export class Endpoint {
  readonly #push: PushSettings
  readonly #context: EndpointContext
  readonly #url: URL
  readonly #sign: Sign | undefined
  readonly #agent: HttpAgent | HttpsAgent
  readonly #underWay = new Set<AbortController>()

  constructor(push: PushSettings, context: EndpointContext) {
    this.#push = push
    this.#context = context
    this.#url = new URL(push.url)
    this.#sign = signer(push.secrets)
    const options = { keepAlive: true, maxSockets: push.concurrency }
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
  }

  /** Posts an event. Does not throw. */
  async post(delivered: Delivered): Promise<Answer> {
    const { clock } = this.#context
    const began = clock.now()
    const answer = (outcome: Answer['outcome'], reason: string, response?: Response): Answer => ({
      outcome,
      reason: reason && `POST ${this.#shown} ${reason}`,
      status: response?.status,
      retryAfterMs: retryAfterMs(response?.retryAfter, clock.now()),
      ms: clock.now() - began,
    })
    let body: string
    try {
      body = bodyOf(delivered)
    } catch (error) {
      return answer('invalid', `cannot be written: ${errorMessage(error)}`)
    }
    try {
      const response = await this.#send(delivered, body)
      return answer(outcomeOf(response.status), reasonOf(response), response)
    } catch (error) {
      return answer('busy', `failed: ${errorMessage(error)}`)
    }
  }

  /** Breaks off what is under way. */
  close(): void {
    for (const one of this.#underWay) one.abort(new Error('it was broken off'))
    this.#agent.destroy()
  }

  /** Its address without what may be secret in it. */
  get #shown(): string {
    return `${this.#url.origin}${this.#url.pathname}`
  }

  #send(delivered: Delivered, body: string): Promise<Response> {
    const { clock, guard } = this.#context
    const { headers, timeoutMs } = this.#push
    const url = this.#url
    guard.checkHost(url.hostname)
    const ended = new AbortController()
    this.#underWay.add(ended)
    const id = webhookId(delivered)
    const timestamp = Math.floor(clock.now() / 1000)
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise<Response>((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => ended.abort(new Error(`no answer within ${timeoutMs} ms`)))
      const end = (): void => {
        timer.clear()
        this.#underWay.delete(ended)
      }
      const fail = (error: Error): void => {
        end()
        reject(ended.signal.aborted ? (ended.signal.reason as Error) : error)
      }
      const request = send(
        url,
        {
          method: 'POST',
          agent: this.#agent,
          lookup: guard.lookup,
          signal: ended.signal,
          headers: {
            'user-agent': 'heddle',
            ...traceOf(delivered),
            ...headers,
            'content-type': contentType,
            'content-length': Buffer.byteLength(body),
            'webhook-id': id,
            'webhook-timestamp': String(timestamp),
            ...(this.#sign && { 'webhook-signature': this.#sign(id, timestamp, body) }),
          },
        },
        (response) => {
          readAnswer(response).then((answer) => {
            end()
            resolve(answer)
          }, fail)
        },
      )
      request.on('error', fail)
      request.end(body)
    })
  }
}

/** The trace context of the event. One that no header takes is left out: whoever published it shall not fail the endpoint. */
function traceOf({ event: { traceparent, tracestate } }: Delivered): Record<string, string> {
  const fits = (text: string | undefined): text is string => text !== undefined && /^[\t -~]+$/.test(text)
  return { ...(fits(traceparent) && { traceparent }), ...(fits(tracestate) && { tracestate }) }
}

interface Response {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

async function readAnswer(response: IncomingMessage): Promise<Response> {
  const { headers, statusCode = 0 } = response
  let text = ''
  let bytes = 0
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    if (text.length < shownAnswer) text += chunk.slice(0, shownAnswer - text.length)
    // Leaving the loop ends the connection. What the answer is, is known all the same.
    if ((bytes += chunk.length) > maxAnswerBytes) break
  }
  return { status: statusCode, retryAfter: headers['retry-after'], text: text.trim() }
}

function outcomeOf(status: number): Answer['outcome'] {
  if (status >= 200 && status < 300) return 'accepted'
  if (status === 410) return 'gone'
  return status === 408 || status === 429 || status >= 500 ? 'busy' : 'refused'
}

function reasonOf({ status, text }: Response): string {
  if (status >= 200 && status < 300) return ''
  const redirect = status >= 300 && status < 400 ? ' (redirects are not followed)' : ''
  return `was answered ${status}${redirect}${text && `: ${text}`}`
}
