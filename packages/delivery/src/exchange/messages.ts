/**
 * What processes say to each other about leases. Both are events.
 *
 * ```
 * topic heddle.settlements
 *   type heddle.settlement.asked     data: { "request", "to": process, "subscription", "settlements": [ Settlement ] }
 *   type heddle.settlement.answered  data: { "request", "lost": [ lease ] }
 * ```
 *
 * @module
 */
import { type LogRecord, type RecordInput, type Settlement, type TopicSpec } from '@heddle/core'

export const settlementsTopic = 'heddle.settlements'

/** Nothing of it is of use for longer than a lease; losing some in a power cut only means that events are given out again. */
export const settlementsTopicSpec: TopicSpec = {
  name: settlementsTopic,
  partitions: 1,
  retention: { ms: 3_600_000 },
  durability: 'os',
}

export interface Asked {
  readonly request: string
  readonly to: string
  readonly subscription: string
  readonly settlements: readonly Settlement[]
}

export interface Answered {
  readonly request: string
  readonly lost: readonly string[]
}

export const askedRecord = (asked: Asked): RecordInput => record('asked', asked.request, asked)
export const answeredRecord = (answered: Answered): RecordInput =>
  record('answered', `${answered.request}/answer`, answered)

const record = (kind: string, id: string, data: object): RecordInput => ({
  value: JSON.stringify(data),
  headers: [
    ['ce_specversion', '1.0'],
    ['ce_id', id],
    ['ce_source', '/subscriptions'],
    ['ce_type', `heddle.settlement.${kind}`],
    ['content-type', 'application/json'],
  ],
})

const decoder = new TextDecoder()

/** `undefined` for what somebody else wrote there. */
export function readMessage({ value }: LogRecord): Asked | Answered | undefined {
  if (value === null) return undefined
  try {
    const data = JSON.parse(decoder.decode(value)) as Partial<Asked & Answered>
    if (typeof data.request !== 'string') return undefined
    if (Array.isArray(data.lost)) return data as Answered
    return Array.isArray(data.settlements) && typeof data.subscription === 'string'
      ? (data as Asked)
      : undefined
  } catch {
    return undefined
  }
}
