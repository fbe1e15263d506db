import type { RecordInput } from '@heddle/core'
import type { Entry, Headers } from './entry.ts'
import { runId } from './names.ts'
import { isRepeated, runTiming, timeAfter } from './timing.ts'

/** What becomes of an entry that is due. */
export interface Due {
  /** What is sent; nothing by a schedule that begins runs. */
  readonly record: RecordInput | undefined
  /** What is to wait then: for its next time, and a run that it begins. */
  readonly waiting: readonly Entry[]
}

/** What is to be done with an entry that is due. @param now Milliseconds since 1970. */
export function due(entry: Entry, now: number): Due {
  const { at, facts } = entry
  const sent = facts.sent + 1
  const run = runTiming(facts.timing, at)
  const next = timeAfter(facts.timing, at, sent, now)
  const waiting: Entry[] = []
  if (next !== undefined) waiting.push({ ...entry, at: next, facts: { ...facts, sent } })
  if (!run) return { record: outgoing(entry, sent, now), waiting }
  const headers = withId(entry.headers, sent)
  waiting.push({
    ...entry,
    at: run.at!,
    facts: { ...facts, id: runId(facts.id, sent), createdAt: now, timing: run, sent: 0 },
    headers,
  })
  return { record: undefined, waiting }
}

/** The record that is sent: the event as it was accepted, with the schedule that it is of. */
function outgoing(
  { at, facts, headers: accepted, key, value }: Entry,
  sent: number,
  now: number,
): RecordInput {
  const { expiresAfterMs, id, timing } = facts
  let headers = isRepeated(timing) ? withId(accepted, sent) : accepted
  if (expiresAfterMs !== undefined)
    headers = [
      ...headers.filter(([name]) => name !== 'ce_expirytime'),
      ['ce_expirytime', new Date(now + expiresAfterMs).toISOString()],
    ]
  return {
    key,
    value,
    headers: [...headers, ['ce_scheduleid', id], ['ce_scheduledtime', new Date(at).toISOString()]],
  }
}

/** No two events have the same identity: that of a repeated one ends with its number. */
const withId = (headers: Headers, number: number): Headers =>
  headers.map(([name, text]) => [name, name === 'ce_id' ? `${text}-${number}` : text])
