import type { Log, LogRecord, RecordInput } from '@heddle/core'
import { redriveHeader, targetOf } from '../redrive-target.ts'
import { type Found, readOne } from './scan.ts'

/** A dead letter as it is sent again, or why it cannot be. */
export type Resent = { readonly topic: string; readonly record: RecordInput } | { readonly reason: string }

/**
 * The event as it came, without what happened to it; to where it came from, and for whom it was there.
 * @param to Another topic, for all who read it.
 */
export async function resent(log: Log, { record, letter }: Found, to: string | undefined): Promise<Resent> {
  const { dltopic, dlpartition, dloffset, dlcut } = letter.event.extensions ?? {}
  const topic = to ?? (dltopic as string | undefined)
  if (topic === undefined) return { reason: 'it was not read from a topic: say where it should go' }
  if (!(await log.describeTopic(topic))) return { reason: `there is no topic '${topic}'` }
  let whole: LogRecord = record
  if (dlcut !== undefined) {
    const place = {
      topic: String(dltopic),
      partition: Number(dlpartition),
      offset: Number(dloffset),
    }
    const original = dltopic === undefined ? undefined : await readOne(log, place).catch(() => undefined)
    if (!original) return { reason: 'its data did not fit into the dead letter, and are not kept any more' }
    whole = original
  }
  const target = to === undefined ? targetIn(letter.event.extensions ?? {}) : undefined
  const headers = whole.headers.filter(([name]) => !name.startsWith('ce_dl') && name !== redriveHeader)
  return {
    topic,
    record: {
      key: whole.key,
      value: whole.value,
      headers: target === undefined ? headers : [...headers, [redriveHeader, target]],
    },
  }
}

function targetIn({ dlsubscription, dltopology }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof dlsubscription === 'string') return targetOf(dlsubscription)
  return typeof dltopology === 'string' ? `topology/${dltopology}` : undefined
}
