/** Publish requests of 1 KB events, each with an id of its own that is written over the one before. */
import type { NextRequest } from './load.ts'

const digits = 16

/** An order of a shop, in structured mode: 1,024 bytes. */
function eventText(id: string): string {
  const lines = Array.from({ length: 10 }, (_, at) => ({
    sku: `SKU-${at}`,
    quantity: at,
    price: 12.5,
    note: 'as a gift, please',
  }))
  const event = {
    specversion: '1.0',
    id,
    source: '/shops/42',
    type: 'order.placed',
    time: '2026-11-24T06:00:00.000Z',
    datacontenttype: 'application/json',
    data: { order: 'o-1', customer: { id: 12, name: 'Ada' }, lines, filler: '' },
  }
  event.data.filler = 'x'.repeat(1024 - JSON.stringify(event).length)
  return JSON.stringify(event)
}

/** Requests that publish `batch` events each; one is sent in structured mode, more in batched mode. */
export function publishRequests(
  topic: string,
  batch: number,
  run: string,
): (connection: number) => NextRequest {
  return (connection) => {
    const mark = '#'.repeat(digits)
    const text = eventText(mark)
    const body = batch === 1 ? text : `[${Array.from({ length: batch }, () => text).join(',')}]`
    const mode = batch === 1 ? 'cloudevents' : 'cloudevents-batch'
    const head = `POST /topics/${topic}/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/${mode}+json\r\ncontent-length: ${body.length}\r\n\r\n`
    const bytes = Buffer.from(head + body)
    const places: number[] = []
    for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) places.push(at)
    const prefix = `${run}${connection.toString(36).padStart(2, '0')}`
    let count = 0
    return () => {
      for (const place of places)
        bytes.write(prefix + (count++).toString(36).padStart(digits - prefix.length, '0'), place, 'latin1')
      return bytes
    }
  }
}

/** Requests that publish one event with the moment of its sending (`performance.now()` of this process) in its data. */
export function timedRequest(): () => Buffer {
  const filler = 'x'.repeat(860)
  let count = 0
  return () => {
    const sent = performance.now()
    const body = `{"specversion":"1.0","id":"${count++}","source":"/bench","type":"timed","data":{"sent":${sent},"filler":"${filler}"}}`
    return Buffer.from(
      `POST /topics/orders/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  }
}
