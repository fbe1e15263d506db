import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { StreamMessage } from '@heddle/gateway/http'
import { expect, test } from 'vitest'
import { call, event, post, publishAll, serve, structured } from './serve.ts'
import { StreamReader, blocks, eventIds, openSse } from './stream-reader.ts'

test('a stream begins with its place, and goes on exactly after the last id', async () => {
  await using served = await serve({}, 3)
  const all = Array.from({ length: 40 }, (_, at) => event(at, { partitionkey: `k${at}` }))
  await publishAll(served.events, all)
  const whole = await openSse(`${served.events}?from=earliest`)
  const text = await whole.until((soFar) => eventIds(soFar).length === 40)
  await whole.cancel()
  expect(eventIds(text).toSorted()).toEqual(all.map(({ id }) => String(id)).toSorted())
  const seen = blocks(text)
  expect(seen[0]).toMatchObject({ retry: '1000', id: '0:0,1:0,2:0' })
  for (const at of [0, 1, 20, 39, 40]) {
    // From any place, the rest is what is left: never one more, never one less.
    const rest = await openSse(served.events, { 'last-event-id': seen[at]!.id! })
    const expected = eventIds(text).slice(at).toSorted()
    await post(served.events, structured, event(`end${at}`))
    const got = eventIds(await rest.until((soFar) => soFar.includes(`"end${at}"`)))
    await rest.cancel()
    expect(got.filter((id) => !id.startsWith('end')).toSorted()).toEqual(expected)
  }
})

test('a reader at the end that is cut off before its first event misses none', async () => {
  await using served = await serve({}, 2)
  await publishAll(served.events, [event(1), event(2)])
  const first = await openSse(served.events)
  const { id } = blocks(await first.until((soFar) => soFar.includes('\n\n')))[0]!
  await first.cancel()
  await publishAll(served.events, [event(3)])
  const second = await openSse(served.events, { 'last-event-id': id! })
  expect(eventIds(await second.until((soFar) => soFar.includes('data:')))).toEqual(['3'])
  await second.cancel()
})

test('heartbeats come when nothing else does, and carry the place behind what a filter left out', async () => {
  await using served = await serve({ limits: { heartbeatMs: 20 } }, 1)
  const reader = await openSse(
    `${served.events}?from=earliest&filter=${encodeURIComponent("event.type == 'never'")}`,
  )
  await reader.until((soFar) => soFar.includes(': heartbeat\nid: 0:0\n'))
  await publishAll(served.events, [event(1), event(2)])
  const text = await reader.until((soFar) => soFar.includes('id: 0:2\n'))
  expect(eventIds(text)).toEqual([])
  await reader.cancel()
})

test('partitions that are added are followed too', async () => {
  await using served = await serve({ limits: { heartbeatMs: 20 } }, 1)
  const reader = await openSse(served.events)
  await reader.until((soFar) => soFar !== '')
  await served.log.alterTopic('orders', { partitions: 2 })
  await served.log.append('orders', [
    {
      partition: 1,
      value: null,
      headers: [
        ['ce_id', 'late'],
        ['ce_source', '/s'],
        ['ce_type', 't'],
        ['ce_specversion', '1.0'],
      ],
    },
  ])
  expect(await reader.until((soFar) => soFar.includes('"late"'))).toContain('id: 1:1,0:0\n')
  await reader.cancel()
})

test('when the gateway stops, readers are told, and go on elsewhere', async () => {
  await using served = await serve({}, 1)
  const reader = await openSse(served.events)
  const lines = new StreamReader(await fetch(`${served.events}?format=ndjson&follow=true`))
  await reader.until((soFar) => soFar !== '')
  await lines.until((soFar) => soFar !== '')
  const closed = served.gateway.close()
  const last = blocks(await reader.end()).at(-1)!
  expect(last.event).toBe('closed')
  expect(JSON.parse(last.data!)).toMatchObject({ code: 'HEDDLE_HTTP_UNAVAILABLE', kind: 'retryable' })
  expect(JSON.parse((await lines.end()).trim().split('\n').at(-1)!)).toMatchObject({
    closed: { code: 'HEDDLE_HTTP_UNAVAILABLE' },
  })
  await closed
})

test('a topic that is deleted ends its streams', async () => {
  await using served = await serve({ limits: { heartbeatMs: 20 } }, 1)
  const reader = await openSse(served.events)
  await reader.until((soFar) => soFar !== '')
  await served.log.deleteTopic('orders')
  expect(JSON.parse(blocks(await reader.end()).at(-1)!.data!)).toMatchObject({
    code: 'HEDDLE_LOG_UNKNOWN_TOPIC',
    status: 404,
  })
})

test('more readers than may be are told to come later', async () => {
  await using served = await serve({ limits: { maxStreams: 1 } })
  const reader = await openSse(served.events)
  const refused = await call(served.events, { headers: { accept: 'text/event-stream' } })
  expect(refused).toMatchObject({ status: 503, body: { code: 'HEDDLE_HTTP_UNAVAILABLE' } })
  expect(refused.headers.get('retry-after')).toBe('5')
  await reader.cancel()
})

test('a reader that takes nothing holds a bounded amount, is closed, and the reason is told', async () => {
  const told: StreamMessage[] = []
  let closed: (() => void) | undefined
  const isClosed = new Promise<void>((resolve) => (closed = resolve))
  const listen = (message: unknown): void => {
    told.push(message as StreamMessage)
    if ((message as StreamMessage).state === 'closed') closed!()
  }
  subscribe('heddle:gateway:stream', listen)
  try {
    await using served = await serve({ limits: { stallMs: 300 } }, 1)
    // 32 MB: far more than the sockets of both sides hold.
    const data = 'x'.repeat(100_000)
    for (let at = 0; at < 4; at++)
      await publishAll(
        served.events,
        Array.from({ length: 80 }, (_, one) => event(`${at}-${one}`, { data })),
      )
    const { port } = new URL(served.url)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.pause()
    socket.write(
      'GET /topics/orders/events?format=sse&from=earliest HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    )
    await isClosed
    expect(told.at(-1)).toMatchObject({
      topic: 'orders',
      form: 'sse',
      state: 'closed',
      reason: 'HEDDLE_HTTP_READER_STALLED',
      open: 0,
    })
    // Once it reads again it finds what was sent so far and, at the end, why there is no more; or it was cut off already.
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'close')
    expect(text.length).toBeLessThan(20_000_000)
  } finally {
    unsubscribe('heddle:gateway:stream', listen)
  }
})
