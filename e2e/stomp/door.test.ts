import { event, fromRecord, openGuard, toRecord } from '@heddle/core'
import { describe, expect, test } from 'vitest'
import { StompClient } from './client.ts'
import { startHeddle } from './heddle.ts'

describe('messages in the log', () => {
  test('are there when the RECEIPT comes, as events that every door reads', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    await client.done(
      'SEND',
      {
        destination: '/topic/orders',
        'content-type': 'application/json',
        'ce-type': 'order.placed',
        priority: 7,
      },
      '{"total":12}',
    )
    const [fetched] = await heddle.log.read([{ topic: 'orders', partition: 0, offset: 0 }])
    const read = fromRecord(fetched!.records[0]!, { topic: 'orders', partition: 0 })
    expect(read).toMatchObject({
      type: 'order.placed',
      source: '/stomp',
      datacontenttype: 'application/json',
      data: { total: 12 },
      extensions: { priority: '7' },
    })
  })

  test('sent again with its ce-id, one is not there twice', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    const send = { destination: '/queue/orders', 'ce-id': '7', 'ce-source': '/shop' }
    for (const body of ['once', 'again'])
      expect((await client.done('SEND', send, body)).command).toBe('RECEIPT')
    await client.done('SEND', { ...send, 'ce-source': '/other' }, 'another')
    await client.done('SUBSCRIBE', { id: '1', destination: '/queue/orders' })
    expect([(await client.message()).body, (await client.message()).body]).toEqual(['once', 'another'])
  })

  test('a body that is not the JSON that it says it is hurts no other reader', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SUBSCRIBE', { id: '1', destination: '/topic/orders' })
    await client.done('SEND', { destination: '/topic/orders', 'content-type': 'application/json' }, '{oops')
    const [fetched] = await heddle.log.read([{ topic: 'orders', partition: 0, offset: 0 }])
    const read = fromRecord(fetched!.records[0]!, { topic: 'orders', partition: 0 })
    expect(Buffer.from(read.data as Uint8Array).toString()).toBe('{oops')
    expect((await client.message()).headers['content-type']).toBe('application/json')
  })

  test('events of other doors come with their attributes', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SUBSCRIBE', { id: '1', destination: '/topic/orders' })
    const one = event({
      id: '7',
      source: '/shop',
      type: 'order.placed',
      data: { total: 12 },
      datacontenttype: 'application/json',
    })
    await heddle.log.append('orders', [toRecord(one)])
    const { body, headers } = await client.message()
    expect(body).toBe('{"total":12}')
    expect(headers).toMatchObject({
      'ce-id': '7',
      'ce-source': '/shop',
      'ce-type': 'order.placed',
      'content-type': 'application/json',
      'content-length': '12',
    })
  })

  test('what was given up is in the dead letters', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SEND', { destination: '/queue/orders' }, 'bad')
    await client.done('SUBSCRIBE', { id: '1', destination: '/queue/orders', ack: 'client-individual' })
    await client.done('NACK', { id: (await client.message()).headers['ack'] })
    const [fetched] = await heddle.log.read([{ topic: 'queue.orders.dead-letters', partition: 0, offset: 0 }])
    expect(fetched?.records).toHaveLength(1)
  })

  test('dead letters of a queue are a queue, by the names that they have in ActiveMQ', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SUBSCRIBE', {
      id: 'before',
      destination: '/queue/DLQ.orders',
      ack: 'client-individual',
    })
    await client.done('SEND', { destination: '/queue/orders' }, 'bad')
    await client.done('SUBSCRIBE', { id: '1', destination: '/queue/orders', ack: 'client-individual' })
    await client.done('NACK', { id: (await client.message()).headers['ack'] })
    const dead = await client.message()
    expect(dead).toMatchObject({
      body: 'bad',
      headers: { subscription: 'before', destination: '/queue/DLQ.orders' },
    })
    await client.done('UNSUBSCRIBE', { id: 'before' })
    for (const name of ['ActiveMQ.DLQ.Queue.orders', 'ActiveMQ.DLQ']) {
      await client.done('SUBSCRIBE', { id: name, destination: `/queue/${name}`, ack: 'client-individual' })
      expect((await client.message()).headers).toMatchObject({
        destination: `/queue/${name}`,
        'original-destination': '/queue/orders',
        dlqDeliveryFailureCause: expect.stringContaining('a STOMP client sent NACK'),
      })
      await client.done('UNSUBSCRIBE', { id: name })
    }
  })

  test('one that has expired is not given out', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SEND', { destination: '/queue/orders', expires: Date.now() - 1 }, 'late')
    await client.done('SEND', { destination: '/queue/orders' }, 'in time')
    await client.done('SUBSCRIBE', { id: '1', destination: '/queue/orders' })
    expect((await client.message()).body).toBe('in time')
  })

  test('a group stays in order, one at a time, and does not hold up others', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    const destination = '/queue/orders'
    for (const [JMSXGroupID, body] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['b', 'b1'],
    ] as const)
      await client.done('SEND', { destination, JMSXGroupID }, body)
    await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
    const [one, two] = [await client.message(), await client.message()]
    expect([one.body, two.body]).toEqual(['a1', 'b1'])
    await client.done('ACK', { id: one.headers['ack'] })
    expect((await client.message()).body).toBe('a2')
  })

  test('acknowledged is acknowledged, after a restart too; the rest comes again', async () => {
    await using heddle = await startHeddle()
    const destination = '/queue/orders'
    {
      await using client = await StompClient.connect(heddle.stomp)
      for (const body of ['1', '2', '3']) await client.done('SEND', { destination }, body)
      await client.done('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
      const got = [await client.message(), await client.message(), await client.message()]
      await client.done('ACK', { id: got[1]!.headers['ack'] })
      await heddle.restart()
      expect(await client.error()).toMatchObject({ headers: { code: 'HEDDLE_HTTP_UNAVAILABLE' } })
      await client.closing()
    }
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SUBSCRIBE', { id: '1', destination })
    const again = [await client.message(), await client.message()]
    expect(again.map(({ body }) => body)).toEqual(['1', '3'])
  })
})

describe('who may do what', () => {
  test('a login that is refused ends the connection', async () => {
    const authenticate = ({
      login,
      passcode,
    }: {
      login: string | undefined
      passcode: string | undefined
    }) => {
      if (login === 'ann' && passcode === 'x:y') return { name: 'ann' }
      throw new Error('wrong')
    }
    await using heddle = await startHeddle({ authenticate })
    await using good = await StompClient.open(heddle.stomp)
    expect((await good.ask('CONNECT', { login: 'ann', passcode: 'x:y' })).command).toBe('CONNECTED')
    await using bad = await StompClient.open(heddle.stomp)
    expect(await bad.ask('CONNECT', { login: 'ann' })).toMatchObject({
      command: 'ERROR',
      headers: { code: 'HEDDLE_UNAUTHENTICATED' },
    })
    await bad.closing()
  })

  test('the guard is asked by the names of the log', async () => {
    const asked: string[] = []
    const guard = {
      ...openGuard,
      authorize: (_: unknown, action: string, { name }: { name: string }) => {
        asked.push(`${action} ${name}`)
        return name === 'secret'
          ? ({ allow: false, reason: 'it is secret' } as const)
          : ({ allow: true } as const)
      },
    }
    await using heddle = await startHeddle({ guard })
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SEND', { destination: '/queue/orders' })
    for (const command of ['SEND', 'SUBSCRIBE']) {
      const answer = await client.done(command, { id: '1', destination: '/topic/secret' })
      expect(answer).toMatchObject({ command: 'ERROR', headers: { code: 'HEDDLE_FORBIDDEN' } })
    }
    expect(asked).toEqual(['publish queue.orders', 'create queue.orders', 'publish secret', 'read secret'])
  })
})

describe('what is not there is refused, and not left out', () => {
  test.each([
    ['SEND', { destination: '/queue/a?consumer.exclusive=true' }],
    ['SEND', { destination: '/queue/a', priority: 'high' }],
    ['SUBSCRIBE', { id: '1', destination: '/queue/a.>', browser: 'true' }],
    ['SUBSCRIBE', { id: '1', destination: '/topic/a', 'activemq.noLocal': 'true' }],
    ['SUBSCRIBE', { id: '1', destination: '/queue/a', 'activemq.prefetchSize': 0 }],
    ['SUBSCRIBE', { id: '1', destination: '/queue/a', 'activemq.subscriptionName': 'x' }],
    ['SUBSCRIBE', { id: '1', destination: '/topic/a', 'activemq.subscriptionName': 'x' }], // no client-id
  ] as const)('%s %j', async (command, headers) => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp)
    expect((await client.done(command, headers)).command).toBe('ERROR')
    expect((await client.done('SEND', { destination: '/queue/a' })).command).toBe('RECEIPT')
  })
})

describe('limits', () => {
  test('a connection beyond them is closed', async () => {
    await using heddle = await startHeddle({ limits: { maxConnections: 1 } })
    await using first = await StompClient.connect(heddle.stomp)
    await using second = await StompClient.open(heddle.stomp)
    await second.closing()
    expect((await first.done('SEND', { destination: '/queue/a' })).command).toBe('RECEIPT')
  })

  test('a client that sends no CONNECT, or half of one, is told so and closed', async () => {
    await using heddle = await startHeddle({ limits: { connectTimeoutMs: 50 } })
    await using client = await StompClient.open(heddle.stomp)
    client.socket.write('CONNECT\naccept-version:1.2\n')
    expect((await client.error()).headers['message']).toContain('no CONNECT came within 50 ms')
    await client.closing()
  })

  test('a frame that is too large ends the connection', async () => {
    await using heddle = await startHeddle({ limits: { maxFrameBodyBytes: 10 } })
    await using client = await StompClient.connect(heddle.stomp)
    client.send('SEND', { destination: '/queue/a', 'content-length': 11 })
    expect((await client.error()).headers['code']).toBe('HEDDLE_STOMP_FRAME_TOO_LARGE')
    await client.closing()
  })

  test.each([
    [{ maxSubscriptions: 1 }, 'SUBSCRIBE', { id: '2', destination: '/topic/b' }],
    [{ maxTransactions: 1 }, 'BEGIN', { transaction: 'u' }],
    [{ maxTransactionBytes: 3 }, 'SEND', { destination: '/queue/a', transaction: 't' }],
  ] as const)('%j', async (limits, command, headers) => {
    await using heddle = await startHeddle({ limits })
    await using client = await StompClient.connect(heddle.stomp)
    await client.done('SUBSCRIBE', { id: '1', destination: '/topic/a' })
    await client.done('BEGIN', { transaction: 't' })
    const answer = await client.done(command, headers, 'long')
    expect(answer.headers['message']).toContain(Object.keys(limits)[0])
  })

  test('SENDs beyond what may be pending wait, and all are kept', async () => {
    await using heddle = await startHeddle({ limits: { maxPendingBytes: 100 } })
    await using client = await StompClient.connect(heddle.stomp)
    for (let n = 0; n < 200; n++) client.send('SEND', { destination: '/queue/a' }, `${n}`.padEnd(50))
    await client.done('SEND', { destination: '/queue/a' }, 'last')
    expect(await heddle.log.partitions('queue.a')).toMatchObject([{ latest: 201 }])
  })

  test('a client that floods, and takes in none of the answers, is not read on, and hurts nobody else', async () => {
    await using heddle = await startHeddle()
    await using flood = await StompClient.connect(heddle.stomp)
    await using other = await StompClient.connect(heddle.stomp)
    flood.socket.pause()
    // Each is answered with an ERROR: more than the network between the two holds, in both directions.
    const mistakes = Buffer.from(`ACK\nid:${'x'.repeat(200)}\n\n\0`.repeat(1_000))
    let sent = 0
    while (flood.socket.writableLength < 1024 ** 2 && sent < 200) {
      flood.socket.write(mistakes)
      sent++
      expect((await other.done('SEND', { destination: '/queue/a' })).command).toBe('RECEIPT')
    }
    expect(flood.socket.writableLength).toBeGreaterThan(0)
  })

  test('a consumer that takes nothing in keeps nobody else from the rest', async () => {
    await using heddle = await startHeddle()
    const destination = '/queue/a'
    await using slow = await StompClient.connect(heddle.stomp)
    await slow.done('SUBSCRIBE', { id: '1', destination })
    slow.socket.pause()
    await using sender = await StompClient.connect(heddle.stomp)
    const body = 'x'.repeat(50_000)
    // More than the network between the two holds, and the messages that are on their way to the slow one.
    const count = 1_000
    for (let n = 0; n < count; n++) sender.send('SEND', { destination }, body)
    await sender.done('SEND', { destination }, 'last')
    await using quick = await StompClient.connect(heddle.stomp)
    await quick.done('SUBSCRIBE', { id: '1', destination })
    await quick.take(({ body }) => body === 'last')
    expect(quick.frames.length).toBeGreaterThan(count / 2)
  })
})

describe('heart-beats', () => {
  test('come as they were agreed', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp, { 'heart-beat': '0,100' })
    const beat = await new Promise((resolve) =>
      client.socket.once('data', (bytes: Buffer) => resolve(bytes.toString())),
    )
    expect(beat).toBe('\n')
  })

  test('a client that promised some and sends none is closed', async () => {
    await using heddle = await startHeddle()
    await using client = await StompClient.connect(heddle.stomp, { 'heart-beat': '100,0' })
    expect((await client.error()).headers['message']).toContain('no heart-beat for 200 ms')
    await client.closing()
  })
})

test('a transaction that cannot be committed leaves its ACKs undone', async () => {
  let refuse = false
  const guard = {
    ...openGuard,
    authorize: () => (refuse ? ({ allow: false, reason: 'not now' } as const) : ({ allow: true } as const)),
  }
  await using heddle = await startHeddle({ guard })
  await using client = await StompClient.connect(heddle.stomp)
  await client.done('SEND', { destination: '/queue/in' }, '1')
  await client.done('SUBSCRIBE', { id: '1', destination: '/queue/in', ack: 'client-individual' })
  const ack = (await client.message()).headers['ack']
  await client.done('BEGIN', { transaction: 't' })
  await client.done('ACK', { id: ack, transaction: 't' })
  refuse = true
  expect((await client.done('SEND', { destination: '/queue/out', transaction: 't' })).command).toBe('ERROR')
  expect((await client.done('COMMIT', { transaction: 't' })).command).toBe('ERROR')
  expect((await client.done('ACK', { id: ack })).command).toBe('RECEIPT')
})
