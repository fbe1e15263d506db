import type { Appended, AppendOptions } from '@heddle/core'

/** All publishes drop repeats. */
export const once: AppendOptions = { dedupe: true }

/** HTTP status of one event: stored, accepted to be sent later or into a buffer before the log, or there already. */
export const placeStatus = ({ buffered, duplicate, scheduled }: Appended): 200 | 201 | 202 =>
  duplicate ? 200 : buffered || scheduled ? 202 : 201

/**
 * `{"topic","partition","offset","id"}`, and `"duplicate":true` for a repeat. What waits in a buffer has no place yet:
 * `{"topic","buffered":true,"id"}`; nor has what is sent later: `{"topic","schedule","deliverat","id"}`.
 */
export function placeText(topic: string, id: string, place: Appended): string {
  const duplicate = place.duplicate ? ',"duplicate":true' : ''
  return `{"topic":${JSON.stringify(topic)},${whereText(place)},"id":${JSON.stringify(id)}${duplicate}}`
}

function whereText({ buffered, offset, partition, scheduled }: Appended): string {
  if (scheduled)
    return `"schedule":${JSON.stringify(scheduled.id)},"deliverat":"${new Date(scheduled.at).toISOString()}"`
  return buffered ? '"buffered":true' : `"partition":${partition},"offset":${offset}`
}
