import { HeddleError } from '@heddle/core'
import type { Route } from './routes/route.ts'

const pattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}/?$`)

/** What an address without a route is answered with: 405 and the methods that it takes, or 404. */
export function notFound(
  routes: readonly Route[],
): (method: string, url: string) => { error: HeddleError; allow: string | undefined } {
  const known = routes.map(({ method, path }) => ({ method, pattern: pattern(path) }))
  return (method, url) => {
    const path = url.split('?', 1)[0]!
    const allow = known.filter((route) => route.pattern.test(path)).map((route) => route.method)
    if (allow.length === 0)
      return { error: new HeddleError('HEDDLE_HTTP_NOT_FOUND', `${method} ${path}`), allow: undefined }
    return {
      error: new HeddleError(
        'HEDDLE_HTTP_METHOD_NOT_ALLOWED',
        `${path} takes ${allow.join(', ')}, and not ${method}`,
      ),
      allow: allow.join(', '),
    }
  }
}
