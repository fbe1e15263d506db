import { readFile } from 'node:fs/promises'
import type { Expected } from './expected.ts'
import { readTopic } from './read-topic.ts'

/** One line of the reconciliation. */
export interface Row {
  readonly what: string
  readonly expected: number
  readonly found: number
  readonly lost: number
  readonly duplicated: number
  /** Events that should not be there at all. */
  readonly foreign: number
}

export interface Reconciliation {
  readonly rows: readonly Row[]
  readonly repositories: number
  readonly windows: number
}

export interface Outputs {
  readonly url: string
  readonly httpIds: ReadonlySet<string>
  readonly sseIds: ReadonlyMap<string, number>
  readonly file: string
}

/** The size of the topology's windows, in ms. */
const windowMs = 5_000

/** Compares all that came out with what had to. Reads every topic again from the start, through the gateway. */
export async function reconcile(expected: Expected, outputs: Outputs): Promise<Reconciliation> {
  const rows: Row[] = []
  const windowsOfInput = new Map<string, number>()
  for (const [topic, ids] of Object.entries(expected.topics)) {
    const found = new Map<string, number>()
    for await (const event of readTopic(outputs.url, topic)) {
      count(found, event.id)
      if (topic === 'github.webhooks') countWindow(windowsOfInput, event.time, event.data)
      else if (!event.team?.startsWith('team-')) throw new Error(`${event.id} in ${topic} was not enriched`)
    }
    rows.push(compare(`topic ${topic}`, ids, found))
  }

  const onlyOnce = new Map([...outputs.httpIds].map((id) => [id, 1]))
  rows.push(compare('output http, by id', expected.topics['github.issues']!, onlyOnce))
  rows.push(compare('output file', expected.topics['github.checks']!, await idsOfFile(outputs.file)))
  rows.push(compare('output sse', expected.topics['github.code']!, outputs.sseIds))

  const counts = await windowCounts(outputs.url)
  rows.push(compareCounts('counts by repository', expected.counts, counts.byRepository))
  rows.push(compareCounts('counts by window', windowsOfInput, counts.byWindow))
  if (counts.repeated > 0) throw new Error(`${counts.repeated} windows came out more than once`)
  return { rows, repositories: counts.byRepository.size, windows: counts.byWindow.size }
}

function count(map: Map<string, number>, key: string, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by)
}

function countWindow(windows: Map<string, number>, time: string | undefined, data: unknown): void {
  const { repository } = data as { repository?: { full_name: string } }
  if (repository)
    count(windows, windowKey(repository.full_name, Math.floor(Date.parse(time!) / windowMs) * windowMs))
}

const windowKey = (repository: string, start: number): string => `${repository} ${start}`

async function idsOfFile(path: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const lines = (await readFile(path, 'utf8')).split('\n')
  if (lines.pop() !== '') throw new Error(`${path} ends in the middle of a line`)
  for (const line of lines) count(found, (JSON.parse(line) as { id: string }).id)
  return found
}

interface WindowCount {
  readonly key: string
  readonly window: { readonly start: number; readonly end: number }
  readonly value: number
}

async function windowCounts(url: string): Promise<{
  byRepository: Map<string, number>
  byWindow: Map<string, number>
  repeated: number
}> {
  const byRepository = new Map<string, number>()
  const byWindow = new Map<string, number>()
  let repeated = 0
  for await (const { data } of readTopic(url, 'github.counts')) {
    const { key, window, value } = data as WindowCount
    const name = windowKey(key, window.start)
    if (byWindow.has(name)) repeated++
    count(byRepository, key, value)
    count(byWindow, name, value)
  }
  return { byRepository, byWindow, repeated }
}

function compare(what: string, expected: ReadonlySet<string>, found: ReadonlyMap<string, number>): Row {
  let lost = 0
  let duplicated = 0
  let foreign = 0
  let total = 0
  for (const id of expected) if (!found.has(id)) lost++
  for (const [id, times] of found) {
    total += times
    duplicated += times - 1
    if (!expected.has(id)) foreign++
  }
  return { what, expected: expected.size, found: total, lost, duplicated, foreign }
}

function compareCounts(
  what: string,
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): Row {
  let [wanted, total, lost, duplicated, foreign] = [0, 0, 0, 0, 0]
  for (const [key, number] of expected) {
    const difference = number - (found.get(key) ?? 0)
    wanted += number
    if (difference > 0) lost += difference
    else duplicated -= difference
  }
  for (const [key, number] of found) {
    total += number
    if (!expected.has(key)) foreign += number
  }
  return { what, expected: wanted, found: total, lost, duplicated, foreign }
}

/** True when nothing is missing and nothing is there twice. */
export const holds = ({ rows }: Reconciliation): boolean =>
  rows.every(
    ({ expected, found, lost, duplicated, foreign }) =>
      expected === found && lost + duplicated + foreign === 0,
  )
