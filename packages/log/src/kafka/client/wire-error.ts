import { KafkaError } from '../errors.ts'

interface LibraryError {
  readonly code?: string
  readonly message: string
  readonly apiId?: string
  readonly serverErrorMessage?: string | null
  readonly response?: unknown
  readonly errors?: readonly LibraryError[]
  readonly cause?: LibraryError
}

/**
 * The library throws an answer that holds any error code; what the codes mean for the request is for the caller to
 * judge, so the answer itself is what it gets.
 */
export function answerIn(error: unknown): unknown {
  const { code, response } = error as LibraryError
  return code === 'PLT_KFK_RESPONSE' ? response : undefined
}

/** Why a broker was not reached, or did not answer. */
export function connectionError(error: unknown, broker: string): KafkaError {
  const all = [...walk(error as LibraryError)]
  // Of ours: why there was no token.
  const own = all.find((one) => one instanceof KafkaError)
  if (own !== undefined)
    return new KafkaError(own.id, `${broker}: ${own.message}`, { cause: error, retryable: own.retryable })
  const last = all.at(-1)!
  const authentication = all.findIndex(({ code }) => code === 'PLT_KFK_AUTHENTICATION')
  // Unless the broker went away in the middle of it.
  if (authentication >= 0 && !all.slice(authentication).some(({ code }) => awayCodes.has(code ?? '')))
    return new KafkaError('SASL_AUTHENTICATION_FAILED', `${broker}: ${refusal(all)}`, {
      cause: error,
      retryable: false,
    })
  const mistrust = all.map(mistrustIn).find((why) => why !== undefined)
  if (mistrust !== undefined)
    return new KafkaError('TLS_FAILED', `${broker}: ${mistrust}`, { cause: error, retryable: false })
  return new KafkaError('NETWORK_EXCEPTION', `${broker}: ${last.message}`, { cause: error })
}

const awayCodes: ReadonlySet<string> = new Set(['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT'])

/** What a broker says when it does not take who asks. */
function refusal(all: readonly LibraryError[]): string {
  const offered = all.map(
    ({ response }) => response as { readonly mechanisms?: readonly string[] } | undefined,
  )
  const mechanisms = offered.find((answer) => answer?.mechanisms !== undefined)?.mechanisms
  if (mechanisms !== undefined) return `it has ${mechanisms.toSorted().join(', ')}`
  const answer = all.find(({ apiId }) => apiId !== undefined)
  return answer?.serverErrorMessage ?? answer?.message ?? all.at(-1)!.message
}

/** Codes of Node and OpenSSL → what is wrong, and what to do. */
const mistrusts: readonly (readonly [code: RegExp, why: string])[] = [
  [/^CERT_HAS_EXPIRED$/, 'the certificate of the broker has expired: it has to be renewed there'],
  [/^CERT_NOT_YET_VALID$/, 'the certificate of the broker is not valid yet: check the clocks'],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_SIGNATURE_FAILURE|INVALID_CA)/,
    'the certificate of the broker is from an authority that is not trusted here: give its certificate as tls.ca',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'the certificate of the broker is for other names: use one of those for it, or give one as tls.servername',
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED$/,
    'the broker asks for a certificate of this client: give tls.cert and tls.key',
  ],
  [/ALERT_CERTIFICATE_EXPIRED$/, 'the certificate of this client has expired: renew tls.cert'],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED)$/,
    'the broker does not trust the certificate of this client: check tls.cert, and the authorities of the broker',
  ],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, 'there is no TLS at this port'],
  [/^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_)/, 'no trusted connection could be made'],
]

function mistrustIn({ code = '', message }: LibraryError): string | undefined {
  // The library looks for TLS in what a broker sends.
  if (code === 'PLT_KFK_USER' && message.includes('requires TLS'))
    return 'the broker speaks TLS at this port: use kafka+ssl:// or tls'
  const why = mistrusts.find(([pattern]) => pattern.test(code))?.[1]
  return why === undefined ? undefined : `${why} (${message})`
}

/** An error, and all that it comes from, outermost first. */
function* walk(error: LibraryError | undefined, depth = 0): Generator<LibraryError> {
  if (error === undefined || error === null || depth > 8) return
  yield error
  for (const inner of error.errors ?? []) yield* walk(inner, depth + 1)
  yield* walk(error.cause, depth + 1)
}
