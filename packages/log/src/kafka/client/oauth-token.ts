/**
 * Tokens for OAUTHBEARER: from a function, a file, or the token endpoint of an authorization server by the client credentials
 * grant (RFC 6749 § 4.4).
 *
 * ```
 * request  = POST tokenUrl, Authorization: Basic base64(form(clientId) ":" form(clientSecret)),
 *            grant_type=client_credentials["&scope=" scope] as a form
 * response = JSON { access_token, expires_in? }, or { error, error_description? }
 * ```
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { type Clock, errorMessage } from '@heddle/core'
import { KafkaError } from '../errors.ts'
import type { KafkaOauth } from '../options.ts'

/** Of its lifetime, how much a token is used for: brokers' clocks may differ, and a connection takes a while to make. */
const usedPart = 0.8

/** Where the endpoint does not say how long a token lasts. */
const usualLifetimeMs = 60_000

interface Answer {
  readonly access_token?: unknown
  readonly expires_in?: unknown
  readonly error?: unknown
  readonly error_description?: unknown
}

/**
 * Gives the token for a connection that is being made.
 * @throws KafkaError: retryable where the endpoint cannot be reached, terminal where it refuses or the file cannot be read.
 */
export function tokenProvider(oauth: KafkaOauth, clock: Clock, timeoutMs: number): () => Promise<string> {
  if ('token' in oauth) {
    const { token } = oauth
    return async () => (typeof token === 'string' ? token : await token())
  }
  if ('tokenFile' in oauth) return () => readToken(oauth.tokenFile)
  let fetched: { readonly token: Promise<string>; until: number } | undefined
  return () => {
    // Connections that are made at the same time share one.
    if (fetched !== undefined && clock.now() < fetched.until) return fetched.token
    const asked = clock.now()
    const answer = fetchToken(oauth, timeoutMs)
    const one = { token: answer.then(({ token }) => token), until: Number.POSITIVE_INFINITY }
    fetched = one
    answer.then(
      ({ lifetimeMs }) => (one.until = asked + usedPart * lifetimeMs),
      () => (one.until = 0),
    )
    return one.token
  }
}

/** A file is read each time: what keeps it fresh writes it anew. */
async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw refused(`the file of the token cannot be read: ${errorMessage(error)}`, error)
  }
}

async function fetchToken(
  { tokenUrl, clientId, clientSecret, scope }: Extract<KafkaOauth, { readonly tokenUrl: string }>,
  timeoutMs: number,
): Promise<{ readonly token: string; readonly lifetimeMs: number }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== undefined) form.set('scope', scope)
  const credentials = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)
  let response: Response
  let text: string
  try {
    response = await fetch(tokenUrl, {
      method: 'POST',
      headers: { accept: 'application/json', authorization: `Basic ${credentials.toString('base64')}` },
      body: form,
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = await response.text()
  } catch (error) {
    const cause = (error as Error).cause ?? error
    throw unreachable(`the token endpoint ${tokenUrl} cannot be reached: ${errorMessage(cause)}`, error)
  }
  const answer = parse(text)
  if (response.status >= 500)
    throw unreachable(`the token endpoint ${tokenUrl} answered ${response.status}`, undefined)
  if (!response.ok || typeof answer.access_token !== 'string') {
    const why = [answer.error, answer.error_description].filter((one) => typeof one === 'string').join(': ')
    throw refused(
      `the token endpoint ${tokenUrl} gave no token to client '${clientId}': ${response.status} ${why}`.trimEnd(),
      undefined,
    )
  }
  const seconds = Number(answer.expires_in)
  return { token: answer.access_token, lifetimeMs: seconds > 0 ? seconds * 1_000 : usualLifetimeMs }
}

function parse(text: string): Answer {
  try {
    return (JSON.parse(text) as Answer | null) ?? {}
  } catch {
    return {}
  }
}

const unreachable = (detail: string, cause: unknown): KafkaError =>
  new KafkaError('NETWORK_EXCEPTION', detail, { cause, retryable: true })

const refused = (detail: string, cause: unknown): KafkaError =>
  new KafkaError('SASL_AUTHENTICATION_FAILED', detail, { cause, retryable: false })
