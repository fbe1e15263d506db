import { type Event, type RecordInput, isEvent, toRecord } from '@heddle/core'
import type { OperatorTuple } from './operator.ts'

/** Who made an event. */
export interface Maker {
  readonly topology: string
  readonly component: string
}

/**
 * The record of what a topology puts out. An event stays what it is; anything else becomes the data of one whose id is the
 * same whenever it is made again. Both carry the trace context on.
 *
 * @throws HEDDLE_EVENT_DATA_INVALID
 */
export function outputRecord(value: unknown, tuple: OperatorTuple, maker: Maker): RecordInput {
  if (!isEvent(value)) return toRecord(derivedEvent(value, tuple, maker))
  const record = toRecord(value)
  if (value.traceparent !== undefined) return record
  return { ...record, headers: [...(record.headers ?? []), ['ce_traceparent', tuple.traceparent]] }
}

function derivedEvent(data: unknown, tuple: OperatorTuple, { topology, component }: Maker): Event {
  const { key } = tuple.values
  const partitionkey =
    typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean'
      ? String(key)
      : tuple.partitionkey
  return {
    specversion: '1.0',
    id: tuple.derivedId(component),
    source: `/topologies/${topology}`,
    type: `${topology}.${component}`,
    time: new Date(tuple.time).toISOString(),
    // An empty key would not be a valid attribute.
    ...(partitionkey && { partitionkey }),
    traceparent: tuple.traceparent,
    data,
  }
}
