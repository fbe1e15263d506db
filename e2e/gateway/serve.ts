import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '@heddle/core'
import { createDelivery, createSchedules, openDeadLetters } from '@heddle/delivery'
import { type HttpGateway, type HttpGatewayOptions, createHttpGateway } from '@heddle/gateway/http'
import { openEmbeddedLog } from '@heddle/log/embedded'

/** A gateway on an embedded log of its own, for the length of one test. */
export interface Served extends AsyncDisposable {
  readonly url: string
  readonly gateway: HttpGateway
  readonly log: Log
  /** Address of the events of topic `orders`, which is there. */
  readonly events: string
}

/** Serves; `await using` takes all of it down again. */
export async function serve(
  options: Partial<HttpGatewayOptions> = {},
  partitions = 2,
  port = 0,
): Promise<Served> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-gateway-'))
  const log = await openEmbeddedLog({ path })
  await log.createTopic({ name: 'orders', partitions })
  const delivery = createDelivery({ log })
  const schedules = createSchedules({ log })
  const gateway = createHttpGateway({
    log,
    delivery,
    deadLetters: openDeadLetters({ log }),
    schedules,
    ...options,
  })
  const { url } = await gateway.listen({ port })
  return {
    url,
    gateway,
    log,
    events: `${url}/topics/orders/events`,
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await delivery.close()
      await schedules.close()
      await log.close()
      await rm(path, { recursive: true })
    },
  }
}

export const structured = { 'content-type': 'application/cloudevents+json' }
export const batch = { 'content-type': 'application/cloudevents-batch+json' }
export const ndjson = { 'content-type': 'application/x-ndjson' }

/** A minimal event. */
export const event = (id: string | number, more: object = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: String(id),
  source: '/test',
  type: 't',
  ...more,
})

/** Publishes events in one batch; @throws unless all were stored. */
export async function publishAll(url: string, events: readonly object[]): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: batch, body: JSON.stringify(events) })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** What a test expects of it, it says itself. */
  readonly body: any
}

/** Calls and parses. */
export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  const json =
    response.headers.get('content-type')?.includes('json') &&
    !response.headers.get('content-type')?.includes('ndjson')
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
}

export const post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<Answer> =>
  call(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
