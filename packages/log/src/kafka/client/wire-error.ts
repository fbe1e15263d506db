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
  const authentication = search(error as LibraryError, ({ code }) => code === 'PLT_KFK_AUTHENTICATION')
  if (authentication !== undefined) {
    const reason = search(authentication, ({ apiId }) => apiId !== undefined)
    const detail = reason?.serverErrorMessage ?? reason?.message ?? authentication.message
    return new KafkaError('SASL_AUTHENTICATION_FAILED', `${broker}: ${detail}`, {
      cause: error,
      retryable: false,
    })
  }
  const certificate = search(error as LibraryError, ({ code }) => certificateCodes.test(code ?? ''))
  if (certificate !== undefined)
    return new KafkaError('SASL_AUTHENTICATION_FAILED', `${broker}: ${certificate.message}`, {
      cause: error,
      retryable: false,
    })
  const last = deepest(error as LibraryError)
  return new KafkaError('NETWORK_EXCEPTION', `${broker}: ${last.message}`, { cause: error })
}

/** What Node says of a certificate that it does not trust, or that ours is not trusted. */
const certificateCodes = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/

function search(error: LibraryError, wanted: (error: LibraryError) => boolean): LibraryError | undefined {
  for (const one of walk(error)) if (wanted(one)) return one
  return undefined
}

function deepest(error: LibraryError): LibraryError {
  let last = error
  for (const one of walk(error)) last = one
  return last
}

function* walk(error: LibraryError | undefined, depth = 0): Generator<LibraryError> {
  if (error === undefined || error === null || depth > 8) return
  yield error
  for (const inner of error.errors ?? []) yield* walk(inner, depth + 1)
  yield* walk(error.cause, depth + 1)
}
