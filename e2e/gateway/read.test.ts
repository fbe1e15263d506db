import { expect, test } from 'vitest'
import { call, event, post, publishAll, serve, structured } from './serve.ts'

const ids = (body: { events: { event: { id: string } }[] }): string[] =>
  body.events.map((item) => item.event.id)
test('pages that follow each other are all events, once, in the order of each partition', async () => {
  await using served = await serve({}, 3)
  const all = Array.from({ length: 50 }, (_, at) => event(at, { partitionkey: `k${at % 7}`, data: at }))
  await publishAll(served.events, all)
  const seen: { partition: number; offset: number; event: { id: string } }[] = []
  let cursor = ''
  for (;;) {
    const { body } = await call(`${served.events}?limit=7${cursor}`)
    if (body.events.length === 0) break
    expect(body.events.length).toBeLessThanOrEqual(7)
    seen.push(...body.events)
    cursor = `&cursor=${body.next}`
  }
  expect(seen.map((item) => Number(item.event.id)).sort((a, b) => a - b)).toEqual(all.map((_, at) => at))
  for (const partition of [0, 1, 2]) {
    const offsets = seen.filter((item) => item.partition === partition).map(({ offset }) => offset)
    expect(offsets).toEqual(offsets.map((_, at) => at))
  }
})

test('by partition and offset, by time, from the end', async () => {
  await using served = await serve({}, 2)
  await served.log.append(
    'orders',
    [0, 1, 2].map((at) => record(at, 1_000 * (at + 1))),
  )
  expect(ids((await call(`${served.events}?partition=1&offset=1`)).body)).toEqual(['1', '2'])
  expect(ids((await call(`${served.events}?partition=0`)).body)).toEqual([])
  expect(ids((await call(`${served.events}?from=2000`)).body)).toEqual(['1', '2'])
  expect(ids((await call(`${served.events}?from=1970-01-01T00:00:02.500Z`)).body)).toEqual(['2'])
  const end = (await call(`${served.events}?from=latest`)).body
  expect(end).toEqual({ events: [], next: '0:0,1:3' })
  await post(served.events, structured, event('new', { partitionkey: 'x' }))
  expect(ids((await call(`${served.events}?cursor=${end.next}`)).body)).toEqual(['new'])
})

const record = (id: number, timestamp: number) => ({
  partition: 1,
  timestamp,
  value: null,
  headers: [
    ['ce_specversion', '1.0'],
    ['ce_id', String(id)],
    ['ce_source', '/s'],
    ['ce_type', 't'],
  ] as [string, string][],
})

test('offsets without records, such as the marks of transactions, do not end a read', async () => {
  await using served = await serve({}, 1)
  await publishAll(served.events, [event(0), event(1), event(2)])
  const read = served.log.read.bind(served.log)
  // As Kafka answers where a mark stands: it goes on, and has nothing.
  served.log.read = async (positions, options) => {
    const [{ topic, partition, offset }] = positions as [(typeof positions)[number]]
    if (offset % 2 === 0 && offset < 3)
      return [{ topic, partition, records: [], nextOffset: offset + 1, latest: 3 }]
    return read(positions, { ...options, maxRecords: 1 })
  }
  expect(ids((await call(served.events)).body)).toEqual(['1'])
  const lines = await (
    await fetch(`${served.events}?from=earliest`, { headers: { accept: 'application/x-ndjson' } })
  ).text()
  expect(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { event: { id: string } }).event.id),
  ).toEqual(['1'])
})

test('an offset that is not there is 416, and says which ones are', async () => {
  await using served = await serve({}, 2)
  await publishAll(served.events, [event(1)])
  for (const accept of ['application/json', 'application/x-ndjson', 'text/event-stream']) {
    expect(await call(`${served.events}?partition=1&offset=99`, { headers: { accept } })).toMatchObject({
      status: 416,
      body: {
        code: 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE',
        info: { partitions: [{ partition: 1, earliest: 0, latest: expect.any(Number) }] },
      },
    })
  }
})

test.each([
  'partition=7',
  'partition=x',
  'offset=1',
  'cursor=nonsense',
  'cursor=9:1',
  'from=yesterday',
  'limit=0',
  'limit=1000000',
  'wait=999999',
  'limit=1&limit=2',
  'format=xml',
  'format=ndjson&follow=perhaps',
])('?%s is 400', async (query) => {
  await using served = await serve()
  expect(await call(`${served.events}?${query}`)).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_HTTP_BAD_REQUEST' },
  })
})

test('a filter wants some events; one that is wrong is shown where', async () => {
  await using served = await serve({}, 1)
  const sizes = [3, 12, 5, 20]
  await publishAll(served.events, [
    ...sizes.map((size, at) => event(at, { data: { size } })),
    event('other', { data: 'no size' }),
  ])
  const big = encodeURIComponent('event.data.size > 10')
  expect(ids((await call(`${served.events}?filter=${big}`)).body)).toEqual(['1', '3'])
  const first = (await call(`${served.events}?filter=${big}&limit=1`)).body
  expect(first).toMatchObject({ events: [{ event: { id: '1' } }], next: '0:2' })
  expect(ids((await call(`${served.events}?filter=${big}&limit=1&cursor=${first.next}`)).body)).toEqual(['3'])
  expect(await call(`${served.events}?filter=${encodeURIComponent('event.type ==')}`)).toMatchObject({
    status: 400,
    body: { code: 'HEDDLE_EXPRESSION_INVALID' },
  })
})

test('a long poll is answered by the next event that its filter wants, and empty when its time is up', async () => {
  await using served = await serve({}, 1)
  const wanted = encodeURIComponent("event.type == 'wanted'")
  const polled = call(`${served.events}?from=latest&wait=30000&filter=${wanted}`)
  // The poll has begun when its request is answered by nothing yet; an event before that is not missed by the cursor.
  const { next } = (await call(`${served.events}?from=latest`)).body
  const fromCursor = call(`${served.events}?cursor=${next}&wait=30000&filter=${wanted}`)
  await post(served.events, structured, event(1))
  await post(served.events, structured, event(2, { type: 'wanted' }))
  expect(ids((await fromCursor).body)).toEqual(['2'])
  // `polled` began at some latest offset: it is answered by event 2 or by a later one.
  await post(served.events, structured, event(3, { type: 'wanted' }))
  expect(['2', '3']).toContain(ids((await polled).body)[0])
  expect((await call(`${served.events}?from=latest&wait=20`)).body.events).toEqual([])
})

test('NDJSON: to what is there now, each line with a cursor that goes on after it', async () => {
  await using served = await serve({}, 2)
  const text = 'a\nb'
  const all = Array.from({ length: 10 }, (_, at) => event(at, { partitionkey: `k${at}`, data: { text } }))
  await publishAll(served.events, all)
  const read = async (query: string): Promise<string[]> => {
    const { body } = await call(`${served.events}?format=ndjson&${query}`)
    return body === '' ? [] : body.trim().split('\n')
  }
  const idOf = (line: string): string => (JSON.parse(line) as { event: { id: string } }).event.id
  const whole = await read('')
  expect(whole.map(idOf).toSorted()).toEqual(all.map(({ id }) => id))
  for (const [at, line] of whole.entries()) {
    // In which turn the partitions come is the log's to choose; which events are left is not.
    const rest = await read(`cursor=${(JSON.parse(line) as { cursor: string }).cursor}`)
    expect(rest.map(idOf).toSorted()).toEqual(
      whole
        .slice(at + 1)
        .map(idOf)
        .toSorted(),
    )
  }
  expect(await read('limit=3')).toHaveLength(3)
})
