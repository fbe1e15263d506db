import type { Event, Received } from '@heddle/client'
import { type ErrorCode, HeddleError } from '@heddle/core'
import { failureOf, segment, unreachable } from './api.ts'

interface Line {
  readonly partition: number
  readonly offset: number
  readonly cursor: string
  readonly event?: Event
  /** The host ends the stream: why. */
  readonly closed?: { readonly code: ErrorCode; readonly detail?: string }
}

/** The events that are in a topic now. */
export async function* readToEnd(
  url: string,
  topic: string,
  { from, filter }: { readonly from: string; readonly filter?: string },
): AsyncGenerator<Received> {
  const address = new URL(`/topics/${segment(topic)}/events`, url)
  address.searchParams.set('from', from)
  if (filter !== undefined) address.searchParams.set('filter', filter)
  let response: Response
  try {
    response = await fetch(address, { headers: { accept: 'application/x-ndjson' } })
  } catch (error) {
    throw unreachable(url, error)
  }
  if (!response.ok || !response.body)
    throw failureOf('GET', address.pathname, response.status, await response.text())
  for await (const text of lines(response.body)) {
    const { event, closed, ...place } = JSON.parse(text) as Line
    if (closed) throw new HeddleError(closed.code, closed.detail ?? '')
    if (event) yield { event, ...place }
  }
}

async function* lines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    yield* parts
  }
}
