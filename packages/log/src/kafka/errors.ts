/**
 * What brokers and connections answer, as errors of ours.
 *
 * @module
 */
import { type ErrorCode, HeddleError, errorMessage } from '@heddle/core'
import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka'

/** Names of Kafka's error codes, as in https://kafka.apache.org/protocol#protocol_error_codes */
export type KafkaErrorId = string

/**
 * An error that a broker answered with; `NETWORK_EXCEPTION` for one that was not reached or did not answer, `TLS_FAILED` for one
 * with which there is no trust.
 */
export class KafkaError extends Error {
  readonly id: KafkaErrorId
  /** Worth trying again, after looking up leaders and coordinators anew. */
  readonly retryable: boolean

  constructor(
    id: KafkaErrorId,
    detail: string | null,
    options: ErrorOptions & { readonly retryable?: boolean } = {},
  ) {
    super(detail === null || detail === '' ? id : `${id}: ${detail}`, options)
    this.id = id
    this.retryable = options.retryable ?? (alsoRetryable.has(id) || known(id)?.canRetry === true)
  }
}

/** What Kafka's clients try again, although the error in itself is not marked so. */
const alsoRetryable: ReadonlySet<KafkaErrorId> = new Set([
  'UNKNOWN_TOPIC_ID',
  'KAFKA_STORAGE_ERROR',
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
  'NETWORK_EXCEPTION',
])

const known = (id: KafkaErrorId): { readonly canRetry: boolean; readonly message: string } | undefined =>
  (protocolErrors as Record<string, { readonly canRetry: boolean; readonly message: string }>)[id]

/** The error of a code, or `undefined` for 0. */
export function errorOf(code: number, detail: string | null = null): KafkaError | undefined {
  if (code === 0) return undefined
  const id = protocolErrorsCodesById[code] ?? `ERROR_${code}`
  return new KafkaError(id, detail ?? known(id)?.message ?? null)
}

/** @throws KafkaError unless the code is 0. */
export function checkCode(code: number, detail: string | null = null): void {
  const error = errorOf(code, detail)
  if (error !== undefined) throw error
}

const codes: Readonly<Record<KafkaErrorId, ErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'HEDDLE_LOG_UNKNOWN_TOPIC',
  UNKNOWN_TOPIC_ID: 'HEDDLE_LOG_UNKNOWN_TOPIC',
  INVALID_TOPIC_EXCEPTION: 'HEDDLE_LOG_TOPIC_INVALID',
  INVALID_PARTITIONS: 'HEDDLE_LOG_TOPIC_INVALID',
  INVALID_REPLICATION_FACTOR: 'HEDDLE_LOG_TOPIC_INVALID',
  INVALID_CONFIG: 'HEDDLE_LOG_TOPIC_INVALID',
  POLICY_VIOLATION: 'HEDDLE_LOG_TOPIC_INVALID',
  TOPIC_ALREADY_EXISTS: 'HEDDLE_LOG_TOPIC_EXISTS',
  MESSAGE_TOO_LARGE: 'HEDDLE_LOG_RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'HEDDLE_LOG_RECORD_TOO_LARGE',
  INVALID_TIMESTAMP: 'HEDDLE_LOG_RECORD_INVALID',
  INVALID_RECORD: 'HEDDLE_LOG_RECORD_INVALID',
  OFFSET_METADATA_TOO_LARGE: 'HEDDLE_LOG_RECORD_INVALID',
  OFFSET_OUT_OF_RANGE: 'HEDDLE_LOG_OFFSET_OUT_OF_RANGE',
  CORRUPT_MESSAGE: 'HEDDLE_LOG_CORRUPT',
  FENCED_INSTANCE_ID: 'HEDDLE_LOG_FENCED',
  UNRELEASED_INSTANCE_ID: 'HEDDLE_LOG_FENCED',
  FENCED_MEMBER_EPOCH: 'HEDDLE_LOG_FENCED',
  STALE_MEMBER_EPOCH: 'HEDDLE_LOG_FENCED',
  UNKNOWN_MEMBER_ID: 'HEDDLE_LOG_FENCED',
  ILLEGAL_GENERATION: 'HEDDLE_LOG_FENCED',
  REBALANCE_IN_PROGRESS: 'HEDDLE_LOG_FENCED',
  INVALID_PRODUCER_EPOCH: 'HEDDLE_LOG_FENCED',
  PRODUCER_FENCED: 'HEDDLE_LOG_FENCED',
  INVALID_PRODUCER_ID_MAPPING: 'HEDDLE_LOG_FENCED',
  // What was to be committed is aborted already: by a newer transactor, or because it took too long.
  INVALID_TXN_STATE: 'HEDDLE_LOG_FENCED',
  NON_EMPTY_GROUP: 'HEDDLE_LOG_GROUP_ACTIVE',
  TOPIC_AUTHORIZATION_FAILED: 'HEDDLE_LOG_UNAUTHORIZED',
  GROUP_AUTHORIZATION_FAILED: 'HEDDLE_LOG_UNAUTHORIZED',
  CLUSTER_AUTHORIZATION_FAILED: 'HEDDLE_LOG_UNAUTHORIZED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'HEDDLE_LOG_UNAUTHORIZED',
  SASL_AUTHENTICATION_FAILED: 'HEDDLE_LOG_UNAUTHORIZED',
  UNSUPPORTED_SASL_MECHANISM: 'HEDDLE_LOG_UNAUTHORIZED',
  TLS_FAILED: 'HEDDLE_LOG_UNTRUSTED',
  UNSUPPORTED_VERSION: 'HEDDLE_LOG_UNSUPPORTED',
}

/** Anything that was thrown on the way to a broker, as one of ours; `what` says what was being done. */
export function heddleError(error: unknown, what: string): HeddleError {
  if (error instanceof HeddleError) return error
  if (!(error instanceof KafkaError))
    return new HeddleError('HEDDLE_LOG_IO', `${what}: ${errorMessage(error)}`, { cause: error })
  const code = codes[error.id] ?? (error.retryable ? 'HEDDLE_LOG_UNAVAILABLE' : 'HEDDLE_LOG_IO')
  return new HeddleError(code, `${what}: ${error.message}`, { cause: error, info: { kafka: error.id } })
}
