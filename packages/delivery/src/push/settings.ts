import type { PushSettings } from '@heddle/core'
import { hidden } from './hidden.ts'
import { whyNoKey } from './signature.ts'

/** 15 s, as Standard Webhooks advises; 16 at once in each process, when the endpoint keeps up. */
export const defaultPush: Omit<PushSettings, 'url'> = {
  secrets: [],
  headers: {},
  timeoutMs: 15_000,
  concurrency: 16,
}

/** Most keys that a request is signed with: the one before, the one now, and the next one of both kinds fit. */
const maxSecrets = 8

/** Headers that each request has of its own. */
const own = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'transfer-encoding',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
])

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i

/** Longest time for an answer, in milliseconds. */
const maxTimeoutMs = 600_000

/** Most requests at once. */
const maxConcurrency = 1_000

const whole = (value: unknown, max: number): string | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max
    ? undefined
    : `must be a whole number from 1 to ${max}`

/** Why a setting is not valid; `undefined` for one that is. */
export const pushChecks: Readonly<Record<keyof PushSettings, (value: unknown) => string | undefined>> = {
  url(value) {
    const url = typeof value === 'string' ? URL.parse(value) : null
    if (!url || !/^https?:$/.test(url.protocol)) return 'must be an http:// or https:// address'
    return url.username === '' && url.password === '' ? undefined : 'must not hold credentials: use headers'
  },
  secrets(value) {
    if (!Array.isArray(value) || value.length > maxSecrets)
      return `must be a list of at most ${maxSecrets} keys`
    const wrong = value.map((one) => whyNoKey(one)).find((why) => why !== undefined)
    return wrong && `has one that ${wrong}`
  },
  headers(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'must be an object of texts'
    for (const [name, content] of Object.entries(value)) {
      if (!token.test(name)) return `'${name}' is no name of a header`
      if (own.has(name.toLowerCase())) return `'${name}' is set by each request itself`
      if (typeof content !== 'string' || !/^[\t -~]*$/.test(content))
        return `'${name}' must be a text of ASCII`
      if (content === hidden) return `'${name}' is the value that is shown in place of the real one`
    }
    return undefined
  },
  timeoutMs: (value) => whole(value, maxTimeoutMs),
  concurrency: (value) => whole(value, maxConcurrency),
}
