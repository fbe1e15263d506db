import { HeddleError } from '@heddle/core'
import { duration } from '../../draw/describe.ts'
import { type RemoteOptions, call, segment } from '../api.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson, printTable } from '../output.ts'

/** Most schedules of one request. */
const maxPage = 1_000

interface Schedule {
  readonly id: string
  readonly topic: string
  readonly deliverat: string
  readonly sent: number
  readonly deliverevery?: number
  readonly delivertimes?: number
  readonly delivercron?: string
  readonly deliverzone?: string
  readonly event: { readonly id: string }
}

interface Page {
  readonly schedules: readonly Schedule[]
  readonly next?: string
}

const pathOf = (id: string): string => `/schedules/${segment(id)}`

/** `heddle schedules list` */
export async function listSchedules({
  url,
  json = false,
  ...flags
}: RemoteOptions & { readonly topic?: string; readonly limit: string }): Promise<void> {
  const limit = wholeNumber('--limit', flags.limit)
  const found: Schedule[] = []
  for (let after: string | undefined; found.length < limit;) {
    const query = new URLSearchParams({ limit: String(Math.min(maxPage, limit - found.length)) })
    if (flags.topic !== undefined) query.set('topic', flags.topic)
    if (after !== undefined) query.set('after', after)
    const page = await call<Page>(url, 'GET', `/schedules?${query.toString()}`)
    found.push(...page.schedules)
    after = page.next
    if (after === undefined) break
  }
  if (json) return found.forEach(printJson)
  if (found.length === 0) return print('nothing waits')
  printTable(
    ['ID', 'DUE', 'TOPIC', 'EVENT', 'AGAIN'],
    found.map((one) => [one.id, one.deliverat, one.topic, one.event.id, againOf(one)]),
  )
}

/** `heddle schedules count` */
export async function countSchedules({ url, json = false }: RemoteOptions): Promise<void> {
  const answer = await call<{ count: number }>(url, 'GET', '/schedules/count')
  if (json) printJson(answer)
  else print(String(answer.count))
}

/** `heddle schedules show` */
export async function showSchedule(id: string, { url, json = false }: RemoteOptions): Promise<void> {
  const schedule = await call<object>(url, 'GET', pathOf(id))
  if (json) printJson(schedule)
  else print(JSON.stringify(schedule, undefined, 2))
}

/** `heddle schedules cancel` */
export async function cancelSchedules(
  ids: readonly string[],
  { url, json = false }: RemoteOptions,
): Promise<void> {
  for (const id of ids) {
    const cancelled = await call<Schedule>(url, 'DELETE', pathOf(id))
    if (json) printJson(cancelled)
    else print(`${id} is cancelled: event ${cancelled.event.id} for ${cancelled.topic}`)
  }
}

/** `heddle schedules move` */
export async function moveSchedule(
  id: string,
  { after, at, json = false, url }: RemoteOptions & { readonly at?: string; readonly after?: string },
): Promise<void> {
  if ((at === undefined) === (after === undefined))
    throw new HeddleError('HEDDLE_CONFIG_INVALID', 'say when: --at or --after')
  const to = at === undefined ? { deliverafter: after } : { deliverat: at }
  const moved = await call<Schedule>(url, 'PATCH', pathOf(id), to)
  if (json) printJson(moved)
  else print(`${id} is sent at ${moved.deliverat}`)
}

/** In words, how it repeats. */
function againOf({ delivercron, deliverevery, delivertimes, deliverzone }: Schedule): string {
  const words: string[] = []
  if (delivercron !== undefined) words.push(`${delivercron} (${deliverzone ?? 'UTC'})`)
  if (deliverevery !== undefined) words.push(`every ${duration(deliverevery)}`)
  if (delivertimes !== undefined && words.length > 0) words.push(`${delivertimes} times`)
  return words.join(', ')
}
