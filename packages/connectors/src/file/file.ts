import type { SinkRef } from '@heddle/core'

export interface FileSinkOptions {
  /** What a line holds: the whole event as CloudEvents JSON (`event`), or only its data (`data`). Default `event`. */
  readonly format?: 'event' | 'data'
  /** Events that are written and synced at once. Default 1000: makes one fsync cheap for each, at some MB of memory. */
  readonly batch?: number
}

/**
 * A file of JSON lines as the output of a topology. Each event is on disk before it counts as delivered, and after a
 * crash the file is cut back to the last such place: in an exactly-once topology it holds every event once.
 *
 * The file belongs to that one output; the folder is made. A relative path starts at the working directory of the host.
 *
 * @example .to(file('out/pushes.jsonl'))
 */
export function file<T = unknown>(path: string, options: FileSinkOptions = {}): SinkRef<T> {
  const { format = 'event', batch = 1000 } = options
  return { kind: 'file', config: { path, format, batch } }
}
