/**
 * What a publish body is, by its headers: the content modes of the CloudEvents HTTP binding (§ 3), and NDJSON.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 *
 * ```
 * application/cloudevents+json         structured: one event
 * application/cloudevents-batch+json   batched: an array of events
 * application/x-ndjson                 one structured event a line (also application/jsonl)
 * anything, with a ce-specversion      binary: attributes in ce- headers, the body is the data
 * application/json, without one        plain: the body is the data, attributes come from the query
 * ```
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import { HeddleError } from '@heddle/core'

export type PublishMode = 'structured' | 'batch' | 'ndjson' | 'binary' | 'plain'

/** Media types that are read line by line; registered as streams, so that a body of any length can be taken. */
export const ndjsonTypes = ['application/x-ndjson', 'application/jsonl', 'application/jsonlines'] as const

const mediaOf = (contentType: string): string => contentType.split(';', 1)[0]!.trim().toLowerCase()

/**
 * The mode of a publish.
 * @throws HEDDLE_HTTP_UNSUPPORTED_MEDIA
 */
export function publishMode(headers: IncomingHttpHeaders): PublishMode {
  const contentType = headers['content-type']
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HeddleError(
      'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
      `bodies are taken as they are, not as content-encoding ${encoding}`,
    )
  }
  if (contentType === 'application/cloudevents+json') return 'structured'
  const media = contentType === undefined ? '' : mediaOf(contentType)
  if (media.startsWith('application/cloudevents')) {
    if (media === 'application/cloudevents+json') return 'structured'
    if (media === 'application/cloudevents-batch+json') return 'batch'
    throw new HeddleError(
      'HEDDLE_HTTP_UNSUPPORTED_MEDIA',
      `${media}: of the event formats only JSON is known`,
    )
  }
  if (headers['ce-specversion'] !== undefined) return 'binary'
  if ((ndjsonTypes as readonly string[]).includes(media)) return 'ndjson'
  if (media === 'application/json') return 'plain'
  throw new HeddleError('HEDDLE_HTTP_UNSUPPORTED_MEDIA', explain(media, headers))
}

function explain(media: string, headers: IncomingHttpHeaders): string {
  if (Object.keys(headers).some((name) => name.startsWith('ce-')))
    return 'there are ce- headers, but no ce-specversion: 1.0 among them'
  if (media === '') return 'the request has no content-type'
  if (media === 'application/x-www-form-urlencoded')
    return `${media} (what curl -d sends unless told: add -H 'content-type: application/json')`
  return media
}
