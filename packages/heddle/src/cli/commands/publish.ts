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
  readonly at?: string
  readonly after?: string
  readonly every?: string
  readonly cron?: string
  readonly zone: string
  readonly times?: string
  readonly schedule?: string
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
  const counts = { published: 0, scheduled: 0, duplicates: 0 }
  const underWay = new Set<Promise<void>>()
  const failures: Error[] = []

  const send = async (one: EventInit): Promise<void> => {
    try {
      const result = await client.publish(topic, one)
      if (result.duplicate) counts.duplicates++
      else if (result.schedule !== undefined) counts.scheduled++
      else counts.published++
      if (data === undefined) return
      if (json) printJson(result)
      else if (result.schedule !== undefined) print(`schedule ${result.schedule}, due ${result.deliverat}`)
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
  {
    duplicates,
    published,
    scheduled,
  }: { readonly published: number; readonly scheduled: number; readonly duplicates: number },
): string {
  const count = (number: number): string => `${number} ${number === 1 ? 'event' : 'events'}`
  const parts: string[] = []
  if (published > 0 || scheduled === 0) parts.push(`${count(published)} published to ${topic}`)
  if (scheduled > 0) parts.push(`${count(scheduled)} for later in ${topic}`)
  if (duplicates > 0) parts.push(`${duplicates} were there already`)
  return parts.join(', ')
}

/** The event with this data: JSON if it parses as JSON, else text. */
function eventOf(text: string, options: PublishOptions): EventInit {
  const { id, key, source, subject, type } = options
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
    ...laterOf(options),
  }
}

/** The attributes that say when it is sent. */
const laterOf = ({ after, at, cron, every, schedule, times, zone }: PublishOptions): object => ({
  ...(at !== undefined && { deliverat: at }),
  ...(after !== undefined && { deliverafter: after }),
  ...(every !== undefined && { deliverevery: every }),
  ...(cron !== undefined && { delivercron: cron, deliverzone: zone }),
  ...(times !== undefined && { delivertimes: times }),
  ...(schedule !== undefined && { scheduleid: schedule }),
})

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
