import {
  HeddleError,
  type DeadLetterMark,
  type PartitionInfo,
  type Redriven,
  type TopicInfo,
  sleep,
  systemClock,
} from '@heddle/core'
import { type RemoteOptions, call, segment } from '../api.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson, printTable, style } from '../output.ts'

const suffix = '.dead-letters'

/** Most that one request sends: also where no rate is asked for. */
const maxPage = 1_000

interface MeantFlags extends RemoteOptions {
  readonly filter?: string
  readonly id?: readonly string[]
}

interface RedriveFlags extends MeantFlags {
  readonly to?: string
  readonly dryRun?: boolean
  readonly rate?: string
}

interface Letter {
  readonly id: string
  readonly at: number
  readonly mark?: DeadLetterMark
  readonly event: { readonly id: string; readonly dlattempts?: string; readonly dlerror?: string }
}

interface Page {
  readonly letters: readonly Letter[]
  readonly next?: string
}

/** The topic of a subscription or topology, or the topic itself. */
const topicOf = (name: string): string => (name.endsWith(suffix) ? name : `${name}${suffix}`)
const pathOf = (name: string): string => `/topics/${segment(topicOf(name))}/dead-letters`

/** `heddle dlq list` without a name: which topics of dead letters there are. */
export async function listDeadLetterTopics({ url, json = false }: RemoteOptions): Promise<void> {
  const { topics } = await call<{ topics: TopicInfo[] }>(url, 'GET', '/topics')
  const found = await Promise.all(
    topics
      .filter(({ name }) => name.endsWith(suffix))
      .map(async ({ name }) => {
        const path = `/topics/${segment(name)}/partitions`
        const { partitions } = await call<{ partitions: PartitionInfo[] }>(url, 'GET', path)
        const kept = partitions.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0)
        return { topic: name, kept }
      }),
  )
  if (json) return printJson(found)
  if (found.length === 0) return print('nothing was given up')
  printTable(
    ['TOPIC', 'KEPT'],
    found.map(({ topic, kept }) => [topic, kept]),
  )
}

/** `heddle dlq list NAME` */
export async function listDeadLetters(
  name: string,
  { url, json = false, ...flags }: MeantFlags & { readonly all?: boolean; readonly limit: string },
): Promise<void> {
  const limit = wholeNumber('--limit', flags.limit)
  const letters: Letter[] = []
  for (let after: string | undefined; letters.length < limit;) {
    const query = new URLSearchParams({ limit: String(Math.min(maxPage, limit - letters.length)) })
    if (flags.filter !== undefined) query.set('filter', flags.filter)
    if (flags.all === true) query.set('all', 'true')
    if (after !== undefined) query.set('after', after)
    const page = await call<Page>(url, 'GET', `${pathOf(name)}?${query.toString()}`)
    letters.push(...page.letters)
    after = page.next
    if (after === undefined) break
  }
  if (json) return letters.forEach(printJson)
  if (letters.length === 0) return print('there are none')
  printTable(
    ['ID', 'GIVEN UP', 'EVENT', 'ATTEMPTS', 'WHY', ''],
    letters.map(({ id, at, event, mark }) => [
      id,
      new Date(at).toISOString(),
      event.id,
      event.dlattempts ?? '',
      (event.dlerror ?? '').slice(0, 80),
      mark ? `${mark.state} by ${mark.by}` : '',
    ]),
  )
}

/** `heddle dlq show` */
export async function showDeadLetter(
  name: string,
  id: string,
  { url, json = false }: RemoteOptions,
): Promise<void> {
  const query = new URLSearchParams({ id, all: 'true' })
  const [letter] = (await call<Page>(url, 'GET', `${pathOf(name)}?${query.toString()}`)).letters
  if (!letter) throw new HeddleError('HEDDLE_HTTP_NOT_FOUND', `a dead letter ${id} of ${topicOf(name)}`)
  if (json) printJson(letter)
  else print(JSON.stringify(letter, undefined, 2))
}

/** `heddle dlq redrive` */
export async function redriveDeadLetters(name: string, flags: RedriveFlags): Promise<void> {
  const { url, json = false, to, dryRun = false } = flags
  const rate = flags.rate === undefined ? undefined : wholeNumber('--rate', flags.rate)
  const limit = Math.min(maxPage, rate ?? maxPage)
  const sent: Record<string, number> = {}
  const skipped: { id: string; reason: string }[] = []
  for (let after: string | undefined; ;) {
    const began = systemClock.now()
    const body = {
      ...meantBy(flags),
      limit,
      dryRun,
      ...(to !== undefined && { to }),
      ...(after !== undefined && { after }),
    }
    const page = await call<Redriven>(url, 'POST', `${pathOf(name)}/redrive`, body)
    for (const [topic, count] of Object.entries(page.sent)) sent[topic] = (sent[topic] ?? 0) + count
    skipped.push(...page.skipped)
    after = page.next
    if (after === undefined) break
    const now = Object.values(page.sent).reduce((sum, count) => sum + count, 0)
    if (rate !== undefined && !dryRun)
      await sleep(systemClock, Math.max(0, began + (now / rate) * 1000 - systemClock.now()))
  }
  if (json) return printJson({ sent, skipped, dryRun })
  const verb = dryRun ? 'would be sent' : 'sent'
  const topics = Object.entries(sent)
  if (topics.length === 0) print('there is nothing to send')
  for (const [topic, count] of topics) print(`${count} ${verb} to ${topic}`)
  for (const { id, reason } of skipped) print(`${style('yellow', `${id} stays`)}: ${reason}`)
}

/** `heddle dlq drop` */
export async function dropDeadLetters(name: string, flags: MeantFlags): Promise<void> {
  const { url, json = false, filter, id } = flags
  if (filter === undefined && id === undefined)
    throw new HeddleError('HEDDLE_CONFIG_INVALID', "say which: --id or --filter ('true' means all)")
  let dropped = 0
  for (let after: string | undefined; ;) {
    const body = { ...meantBy(flags), limit: maxPage, ...(after !== undefined && { after }) }
    const page = await call<{ dropped: number; next?: string }>(url, 'POST', `${pathOf(name)}/drop`, body)
    dropped += page.dropped
    after = page.next
    if (after === undefined) break
  }
  if (json) printJson({ dropped })
  else print(`${dropped} dropped`)
}

const meantBy = ({ filter, id }: MeantFlags): object => ({
  ...(filter !== undefined && { filter }),
  ...(id !== undefined && { ids: id }),
})
