import type { Appended, AppendOptions } from '@heddle/core'

/** All publishes drop repeats. */
export const once: AppendOptions = { dedupe: true }

/** HTTP status of one event: stored, accepted into a buffer before the log, or there already. */
export const placeStatus = ({ buffered, duplicate }: Appended): 200 | 201 | 202 =>
  duplicate ? 200 : buffered ? 202 : 201

/**
 * `{"topic","partition","offset","id"}`, and `"duplicate":true` for a repeat. What waits in a buffer has no place yet:
 * `{"topic","buffered":true,"id"}`.
 */
export function placeText(topic: string, id: string, place: Appended): string {
  const duplicate = place.duplicate ? ',"duplicate":true' : ''
  const where = place.buffered ? '"buffered":true' : `"partition":${place.partition},"offset":${place.offset}`
  return `{"topic":${JSON.stringify(topic)},${where},"id":${JSON.stringify(id)}${duplicate}}`
}
