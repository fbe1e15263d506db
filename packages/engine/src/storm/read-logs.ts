import type { Log } from '@heddle/core'
import { type LogLine, logTopic } from './runtime/log-lines.ts'

export interface LogsOptions {
  /** How many of the last lines of the topology are looked at. Default 100. */
  readonly lines?: number
  /** Only lines of this component. Default: of all. */
  readonly component?: string
  /** Goes on with what is printed from then on. Default false. */
  readonly follow?: boolean
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** How long one read waits for more, in milliseconds: an abort is heard as late as that. */
const waitMs = 500

/** What the components of a topology have printed, the oldest first. */
export async function* readLogs(
  log: Log,
  topology: string,
  { lines = 100, component, follow = false, signal }: LogsOptions = {},
): AsyncGenerator<LogLine, void> {
  const topic = logTopic(topology).name
  if (!(await log.describeTopic(topic))) return
  const [found] = await log.partitions(topic)
  if (!found) return
  let offset = Math.max(found.earliest, found.latest - lines)
  for (;;) {
    if (signal?.aborted === true || !(follow || offset < found.latest)) return
    const [part] = await log.read([{ topic, partition: 0, offset }], { waitMs: follow ? waitMs : 0 })
    if (!part) {
      if (follow) continue
      return
    }
    offset = part.nextOffset
    for (const { value } of part.records) {
      const line = JSON.parse(Buffer.from(value!).toString()) as LogLine
      if (component === undefined || line.component === component) yield line
    }
  }
}
