import type { Appended, AppendOptions } from '@heddle/core'

/** All publishes drop repeats. */
export const once: AppendOptions = { dedupe: true }

/** `{"topic","partition","offset","id"}`, and `"duplicate":true` for a repeat. */
export function placeText(topic: string, id: string, place: Appended): string {
  const duplicate = place.duplicate ? ',"duplicate":true' : ''
  return `{"topic":${JSON.stringify(topic)},"partition":${place.partition},"offset":${place.offset},"id":${JSON.stringify(id)}${duplicate}}`
}
