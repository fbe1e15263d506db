import { createInterface } from 'node:readline'
import type { EventInit } from '@heddle/client'
import { HeddleError, errorMessage, parseStructured } from '@heddle/core'
import { type RemoteOptions, call, segment } from '../api.ts'
import { print, printJson } from '../output.ts'

interface PublishOptions extends RemoteOptions {
  readonly type: string
  readonly source: string
  readonly id?: string
  readonly subject?: string
  readonly key?: string
  readonly events?: boolean
}

/** Events that are on their way at once: enough to keep the client's batches full. */
const window = 2000

/** `heddle publish`: one event from the arguments, or one for each line of stdin. */
export async function publish(
  topic: string,
  data: string | undefined,
  options: PublishOptions,
): Promise<void> {
  const { createClient } = await import('@heddle/client')
  const { url, json = false } = options
  await call(url, 'GET', `/topics/${segment(topic)}`) // a wrong name or address is told at once, and not after retries
  const client = createClient({ url })
  const counts = { published: 0, duplicates: 0 }
  const underWay = new Set<Promise<void>>()
  const failures: Error[] = []

  const send = async (one: EventInit): Promise<void> => {
    try {
      const result = await client.publish(topic, one)
      if (result.duplicate) counts.duplicates++
      else counts.published++
      if (data !== undefined && json) printJson(result)
    } catch (error) {
      failures.push(error as Error)
    }
  }
  try {
    for await (const one of data === undefined ? fromStdin(options) : [eventOf(data, options)]) {
      const sent: Promise<void> = send(one).finally(() => underWay.delete(sent))
      underWay.add(sent)
      if (underWay.size >= window) await Promise.race(underWay)
      if (failures.length > 0) break
    }
    await Promise.all(underWay)
  } finally {
    await client.close()
  }
  if (failures.length > 0) throw failures[0]!
  if (!json) print(summary(topic, counts))
  else if (data === undefined) printJson(counts)
}

function summary(
  topic: string,
  { published, duplicates }: { published: number; duplicates: number },
): string {
  const events = `${published} ${published === 1 ? 'event' : 'events'}`
  return `${events} published to ${topic}${duplicates === 0 ? '' : `, ${duplicates} were there already`}`
}

/** The event with this data: JSON if it parses as JSON, else text. */
function eventOf(text: string, { type, source, id, subject, key }: PublishOptions): EventInit {
  let data: unknown
  let datacontenttype = 'application/json'
  try {
    data = JSON.parse(text)
  } catch {
    data = text
    datacontenttype = 'text/plain'
  }
  return {
    type,
    source,
    data,
    datacontenttype,
    ...(id !== undefined && { id }),
    ...(subject !== undefined && { subject }),
    ...(key !== undefined && { partitionkey: key }),
  }
}

async function* fromStdin(options: PublishOptions): AsyncGenerator<EventInit> {
  if (process.stdin.isTTY)
    throw new HeddleError(
      'HEDDLE_CONFIG_INVALID',
      'give the data of an event, or pipe events to stdin, one a line',
    )
  if (options.id !== undefined)
    throw new HeddleError('HEDDLE_CONFIG_INVALID', '--id is for one event, and stdin can hold many')
  let number = 0
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() !== '') yield options.events === true ? parseLine(line, number) : eventOf(line, options)
  }
}

function parseLine(line: string, number: number): EventInit {
  try {
    const event = JSON.parse(line) as EventInit
    parseStructured(event) // throws when it is not one
    return event
  } catch (error) {
    throw new HeddleError('HEDDLE_EVENT_INVALID', `line ${number} of stdin: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}
