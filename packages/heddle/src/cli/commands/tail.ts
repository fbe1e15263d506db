import { type Event, type Received, createClient } from '@heddle/client'
import { type RemoteOptions, call, segment } from '../api.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson, style } from '../output.ts'
import { readToEnd } from '../read-to-end.ts'

interface TailOptions extends RemoteOptions {
  readonly from: string
  readonly follow: boolean
  readonly filter?: string
  readonly limit?: string
}

/** `heddle tail`: events as they come, until ^C; with `--json` each as a line that `publish --events` takes. */
export async function tail(topic: string, options: TailOptions): Promise<void> {
  const { url, json = false, follow } = options
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit)
  await call(url, 'GET', `/topics/${segment(topic)}`) // a wrong name or address is told at once, and not after retries
  let count = 0
  for await (const received of follow ? followed(topic, options) : readToEnd(url, topic, options)) {
    if (json) printJson(received.event)
    else print(eventLine(received))
    if (++count >= limit) break
  }
}

async function* followed(topic: string, { url, from, filter }: TailOptions): AsyncGenerator<Received> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const client = createClient({ url })
  try {
    yield* client.subscribe(topic, { from, signal: stop.signal, ...(filter !== undefined && { filter }) })
  } finally {
    await client.close()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/** An event on one line for people: when, where, what, and its data. */
function eventLine({ event, partition, offset }: Received): string {
  const { time, type, subject, partitionkey } = event
  const key = partitionkey === undefined ? '' : ` key=${partitionkey}`
  const about = subject === undefined ? '' : ` ${subject}`
  return `${style('dim', `${time ?? ''} ${partition}:${offset}`)} ${style('cyan', type)}${about}${style('dim', key)} ${dataText(event)}`
}

function dataText({ data }: Event): string {
  if (data instanceof Uint8Array) return `(${data.byteLength} bytes)`
  return typeof data === 'string' ? data : (JSON.stringify(data) ?? '')
}
