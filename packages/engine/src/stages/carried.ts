/**
 * A tuple on its way from one stage to another, as a record of a repartition topic.
 *
 * ```
 * key       = none: the partition is named
 * headers   = those of the event that one of the values is, if one is,
 *             'heddle-tuple': Envelope, as JSON (it begins with '[') where that can say it, else as node:v8 serialises it
 * value     = data of that event, byte for byte; null without one
 *
 * Or how far event time has come in parts of the stage before:
 *
 * headers   = 'heddle-times': { <source>: ms }, as JSON
 * value     = null
 * ```
 *
 * Values are copied as for a worker thread (the structured clone algorithm): dates, maps and bytes stay what they are, functions
 * cannot go.
 *
 * @module
 */
import { deserialize, serialize } from 'node:v8'
import {
  type Event,
  HeddleError,
  type LogRecord,
  type RecordInput,
  type RecordPlace,
  type Values,
  errorMessage,
  fromRecord,
  isEvent,
  parseStructured,
  toRecord,
  toStructured,
} from '@heddle/core'

const tupleHeader = 'heddle-tuple'
const timesHeader = 'heddle-times'

/** What travels beside the values of a tuple. */
export interface Carried {
  readonly component: string
  readonly stream: string
  readonly task: number
  /** What ids are derived from. */
  readonly origin: string
  /** Event time, in milliseconds. */
  readonly time: number
  readonly traceparent: string
  readonly partitionkey: string | undefined
  /** Where the input event stands that it came of; none for what a spout or a timer emitted. */
  readonly input: { readonly topic: string; readonly partition: number; readonly offset: number } | undefined
  /** The task that the emitter named, for the direct grouping. */
  readonly namedTask: number | undefined
  /** Ids of the elements that it came of, by the component that emitted them: see `OperatorTuple.idBelow`. */
  readonly below: Readonly<Record<string, string>>
  readonly values: Values
  /** On Storm, where it comes again from when it is lost. */
  readonly spoutPlace?: SpoutPlace | undefined
}

/** An event of a spout: which one of which part of what it reads. */
export interface SpoutPlace {
  readonly component: string
  readonly partition: number
  readonly offset: number
}

/** In the order of the fields of `Carried`, with null for undefined in JSON; of the values, which one is the event in the record. */
type Envelope = readonly [
  component: string,
  stream: string,
  task: number,
  origin: string,
  time: number,
  traceparent: string,
  partitionkey: string | null | undefined,
  input: readonly [topic: string, partition: number, offset: number] | null | undefined,
  namedTask: number | null | undefined,
  below: Readonly<Record<string, string>>,
  values: Values,
  eventField: string | null | undefined,
  ...spoutPlace: readonly (readonly [component: string, partition: number, offset: number])[],
]

/** Stands for an event inside of a value. */
interface Packed {
  readonly $event: unknown
}

/**
 * The record of a tuple.
 * @throws HEDDLE_TUPLE_NOT_PORTABLE when a value cannot be copied.
 */
export function carriedRecord(carried: Carried, partition: number): RecordInput {
  const { component, stream, task, origin, time, traceparent, partitionkey, input, namedTask, below } =
    carried
  const { values, spoutPlace } = carried
  let eventField: string | undefined
  const packed: [name: string, value: unknown][] = []
  for (const [name, value] of Object.entries(values)) {
    if (eventField === undefined && isEvent(value)) eventField = name
    else packed.push([name, pack(value)])
  }
  const envelope: [...Envelope] = [
    component,
    stream,
    task,
    origin,
    time,
    traceparent,
    partitionkey,
    input && [input.topic, input.partition, input.offset],
    namedTask,
    below,
    Object.fromEntries(packed),
    eventField,
  ]
  if (spoutPlace) envelope.push([spoutPlace.component, spoutPlace.partition, spoutPlace.offset])
  const event = eventField === undefined ? undefined : toRecord(values[eventField] as Event)
  let bytes: Buffer | string
  try {
    // A fraction of the time, and as many bytes.
    bytes = saidByJson(envelope) ? JSON.stringify(envelope) : serialize(envelope)
  } catch (error) {
    throw new HeddleError(
      'HEDDLE_TUPLE_NOT_PORTABLE',
      `what '${component}' emits to stream '${stream}': ${errorMessage(error)}`,
      { cause: error },
    )
  }
  return {
    value: event?.value ?? null,
    headers: [...(event?.headers ?? []), [tupleHeader, bytes]],
    partition,
  }
}

/** Whether it is the same after JSON, but for what is undefined there and null here. */
function saidByJson([, , , , time, , , , , , values]: Envelope): boolean {
  if (!Number.isFinite(time)) return false
  for (const name in values) {
    const value = values[name]
    const kind = typeof value
    if (kind === 'string' || kind === 'boolean') continue
    if (kind !== 'number' || !Number.isFinite(value) || Object.is(value, -0)) return false
  }
  return true
}

/** '[': the other begins with 0xff. */
const jsonStart = 0x5b

const readEnvelope = (bytes: Uint8Array): Envelope =>
  bytes[0] === jsonStart
    ? (JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as Envelope)
    : (deserialize(bytes) as Envelope)

/** The record of times, by their sources, for one partition. */
export const timesRecord = (times: Readonly<Record<string, number>>, partition: number): RecordInput => ({
  value: null,
  headers: [[timesHeader, JSON.stringify(times)]],
  partition,
})

/** The times in a record; `undefined` when it has none. */
export function carriedTimes({ headers }: LogRecord): Readonly<Record<string, number>> | undefined {
  const bytes = headers.length === 1 && headers[0]![0] === timesHeader ? headers[0]![1] : undefined
  return bytes && (JSON.parse(Buffer.from(bytes).toString()) as Record<string, number>)
}

/**
 * The tuple in a record.
 * @throws TypeError for a record of somebody else's.
 */
export function carriedTuple(record: LogRecord, place: RecordPlace): Carried {
  const bytes = record.headers.findLast(([name]) => name === tupleHeader)?.[1]
  if (!bytes)
    throw new TypeError(
      `the record has no header '${tupleHeader}': nothing but Heddle may write to ${place.topic}`,
    )
  const [
    component,
    stream,
    task,
    origin,
    time,
    traceparent,
    partitionkey,
    input,
    namedTask,
    below,
    packed,
    eventField,
    spoutPlace,
  ] = readEnvelope(bytes)
  const values = Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, unpack(value)]))
  if (eventField != null) {
    const headers = record.headers.filter(([name]) => name !== tupleHeader)
    const key = partitionkey == null ? null : Buffer.from(partitionkey)
    values[eventField] = fromRecord({ ...plain(record), key, headers }, place)
  }
  return {
    component,
    stream,
    task,
    origin,
    time,
    traceparent,
    partitionkey: partitionkey ?? undefined,
    input: input ? { topic: input[0], partition: input[1], offset: input[2] } : undefined,
    namedTask: namedTask ?? undefined,
    below,
    values,
    ...(spoutPlace && {
      spoutPlace: { component: spoutPlace[0], partition: spoutPlace[1], offset: spoutPlace[2] },
    }),
  }
}

/** Its fields may be decoded lazily: a spread would leave them out. */
const plain = ({
  offset,
  timestamp,
  value,
}: LogRecord): Pick<LogRecord, 'offset' | 'timestamp' | 'value'> => ({
  offset,
  timestamp,
  value,
})

/** The same with events replaced, of which most fields are read lazily. */
function pack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isEvent(value)) return { $event: toStructured(value) } satisfies Packed
  return replaced(value, pack)
}

function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$event' in value) return parseStructured(value.$event)
  return replaced(value, unpack)
}

/** The same object, unless something in it is replaced. */
function replaced(value: object, change: (inner: unknown) => unknown): object {
  if (Array.isArray(value)) {
    const items = value.map(change)
    return items.every((item, at) => item === value[at]) ? value : items
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  let same = true
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const now = change(inner)
    same &&= now === inner
    return [name, now]
  })
  return same ? value : Object.fromEntries(entries)
}
