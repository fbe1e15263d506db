/**
 * The OpenAPI 3.1 document, made from the routes. https://spec.openapis.org/oas/v3.1.1.html
 *
 * @module
 */
import { type ErrorCode, errorTable } from '@heddle/core'
import type { Route } from '../routes/route.ts'
import { ref } from './parts.ts'
import { schemas } from './schemas.ts'

// What every route may answer.
const common: readonly ErrorCode[] = [
  'HEDDLE_HTTP_BAD_REQUEST',
  'HEDDLE_HTTP_INTERNAL',
  'HEDDLE_HTTP_UNAVAILABLE',
]
const guarded: readonly ErrorCode[] = ['HEDDLE_UNAUTHENTICATED', 'HEDDLE_FORBIDDEN', 'HEDDLE_QUOTA_EXCEEDED']
const bodied: readonly ErrorCode[] = ['HEDDLE_HTTP_BODY_TOO_LARGE', 'HEDDLE_HTTP_TIMEOUT']

/** The document for these routes. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Heddle',
      version,
      description: 'Events in, events out: CloudEvents over HTTP.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.flatMap(({ operation }) => operation.tags))].map((name) => ({ name })),
    paths,
    components: { schemas },
  }
}

function operationOf({ operation, resource }: Route): object {
  const { problems = [], responses, ...rest } = operation
  const codes = [
    ...problems,
    ...common,
    ...(resource ? guarded : []),
    ...(operation.requestBody ? bodied : []),
  ] as ErrorCode[]
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of codes) {
    const { status } = errorTable[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const failures: Record<string, object> = {}
  for (const [status, ofStatus] of byStatus) {
    failures[status] = {
      description: [...new Set(ofStatus)].map((code) => `${code}: ${errorTable[code].message}`).join('. '),
      ...(status === 429 || status === 503
        ? { headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } } }
        : undefined),
      content: { 'application/problem+json': { schema: ref('Problem') } },
    }
  }
  return { ...rest, ...(resource ? undefined : { security: [] }), responses: { ...failures, ...responses } }
}
