/**
 * Every error that Heddle raises on purpose: one class, one table.
 *
 * @module
 */

/**
 * What the caller should do: try the same again later (`retryable`), give up on this input (`terminal`), or correct
 * the call, the topology or the configuration (`usage`).
 */
export type ErrorKind = 'retryable' | 'terminal' | 'usage'

interface ErrorRow {
  readonly kind: ErrorKind
  /** HTTP status that the gateway answers with. */
  readonly status: number
  readonly message: string
  /** What to do about it. */
  readonly todo: string
}

const row = (kind: ErrorKind, status: number, message: string, todo: string): ErrorRow => ({ kind, status, message, todo })

/** code → kind, HTTP status, message, what to do. docs/reference/errors.md is made from it. */
export const errorTable = {
  // events
  HEDDLE_EVENT_INVALID: row('usage', 400, 'The event is not a valid CloudEvents 1.0 event', 'Correct the attribute that the detail names.'),
  HEDDLE_EVENT_DATA_INVALID: row('usage', 400, 'The data of the event does not match its content type', 'Send data that parses as its datacontenttype, or correct datacontenttype.'),

  // topologies
  HEDDLE_TOPOLOGY_INVALID: row('usage', 400, 'The topology has mistakes', 'Correct the places that the detail lists.'),
  HEDDLE_EXPRESSION_INVALID: row('usage', 400, 'The CEL expression is not valid', 'Correct the expression at the place shown.'),
  HEDDLE_EXPRESSION_FAILED: row('terminal', 422, 'The CEL expression failed on an event', 'Guard optional fields with has(), as in has(event.data.x) && event.data.x > 1.'),
  HEDDLE_UNIT_INVALID: row('usage', 400, 'The duration or size cannot be read', "Write a number and a unit: '250ms', '1m', '64mb'."),

  // log
  HEDDLE_LOG_CLOSED: row('usage', 503, 'The log is closed', 'Do not use a log after close().'),
  HEDDLE_LOG_UNKNOWN_TOPIC: row('usage', 404, 'There is no such topic', 'Create it (heddle topics create NAME), or correct the name.'),
  HEDDLE_LOG_TOPIC_EXISTS: row('usage', 409, 'The topic exists with other settings', 'Use the settings it has, or change them with heddle topics alter.'),
  HEDDLE_LOG_TOPIC_INVALID: row('usage', 400, 'The name or the settings of the topic are not valid', 'Correct what the detail names.'),
  HEDDLE_LOG_RECORD_TOO_LARGE: row('usage', 413, 'The record is larger than the topic allows', "Send less, or raise the topic's maxRecordBytes."),
  HEDDLE_LOG_RECORD_INVALID: row('usage', 400, 'The record cannot be appended', 'Correct what the detail names.'),
  HEDDLE_LOG_OFFSET_OUT_OF_RANGE: row('usage', 416, 'The offset is not in the log', 'Start from the earliest or the latest offset that the detail gives.'),
  HEDDLE_LOG_FENCED: row('terminal', 409, 'Another member or transactor has taken over', 'Stop this one: its work is being done elsewhere.'),
  HEDDLE_LOG_TRANSACTION_INVALID: row('usage', 409, 'The transaction cannot be used like that', 'One transaction of a transactor at a time: commit or abort it, then begin the next.'),
  HEDDLE_LOG_GROUP_ACTIVE: row('usage', 409, 'The consumer group has members', 'Stop its members first.'),
  HEDDLE_LOG_DISK_FULL: row('retryable', 507, 'The disk, or the size set for the log, is full', 'Free space or raise the limit; nothing that was acknowledged is lost.'),
  HEDDLE_LOG_CORRUPT: row('terminal', 500, 'A stored batch is damaged', 'Read on after it (the detail names the range); restore that range from a copy. Check the disk.'),
  HEDDLE_LOG_FORMAT_UNKNOWN: row('usage', 500, 'The data folder has a format that this version does not know', 'Use the Heddle version that the detail names, or another data folder.'),
  HEDDLE_LOG_OPEN_FAILED: row('usage', 500, 'The log cannot be opened', 'Check the path, its permissions and the free space, as the detail says.'),
  HEDDLE_LOG_IO: row('retryable', 503, 'Reading or writing the log failed', 'Check the disk; see the cause.'),
  HEDDLE_LOG_UNAVAILABLE: row('retryable', 503, 'The brokers of the log cannot be reached, or are changing leaders', 'It was tried again for a while; check that the brokers run and that their addresses are right.'),
  HEDDLE_LOG_UNAUTHORIZED: row('usage', 403, 'The brokers of the log refuse this client', 'Check its user, password, token or certificate, and its access rights on the brokers.'),
  HEDDLE_LOG_UNTRUSTED: row('usage', 502, 'No trusted connection to the brokers of the log', 'Correct what the detail says of the certificates; see docs/guides/kafka.md.'),
  HEDDLE_LOG_UNSUPPORTED: row('usage', 501, 'This log cannot do that', 'See the detail for what it lacks.'),

  // engine
  HEDDLE_ENGINE_TOPOLOGY_EXISTS: row('usage', 409, 'A topology of that name is running', 'Kill it first, or choose another name.'),
  HEDDLE_ENGINE_UNKNOWN_TOPOLOGY: row('usage', 404, 'No topology of that name is running', 'See heddle topologies for those that are.'),
  HEDDLE_ENGINE_UNSUPPORTED: row('usage', 501, 'This engine cannot run that', 'Use an engine that has the feature that the detail names.'),
  HEDDLE_ENGINE_STOPPED: row('terminal', 503, 'The topology has stopped', 'See its last error with heddle topologies describe NAME.'),
  HEDDLE_ENGINE_UNAVAILABLE: row('retryable', 503, 'The cluster of the engine cannot be reached, or has no leader', 'Check that Nimbus runs, and that its addresses and ports are right.'),
  HEDDLE_ENGINE_REFUSED: row('usage', 400, 'The cluster of the engine refuses the topology', 'Correct what the detail says.'),
  HEDDLE_THREAD_STUCK: row('retryable', 503, 'A thread did nothing else for too long', 'It was ended and started again: find the loop in the topology that the detail names, or make its work shorter.'),
  HEDDLE_UPGRADE_INCOMPATIBLE: row('usage', 409, 'The new version cannot take over from the one before', 'Do for each reason what it says; nothing was changed.'),
  HEDDLE_UPGRADE_FAILED: row('usage', 409, 'The new version did not start; the one before runs on', 'Correct what the detail says, and deploy again.'),
  HEDDLE_THREAD_MEMORY: row('retryable', 503, 'A thread took too much memory', 'It was ended and started again: find what the topology that the detail names keeps, or allow it more memory.'),
  HEDDLE_SHELL_FAILED: row('retryable', 500, 'A program of a topology failed', 'See what it wrote to stderr, in the log of the host; it is started again.'),
  HEDDLE_SHELL_TUPLE: row('terminal', 422, 'A program of a topology cannot do an event', 'See what it said in the detail; the event is in the dead letters.'),
  HEDDLE_TUPLE_FAILED: row('terminal', 500, 'An event failed in the topology after all attempts', 'It is in the dead-letter topic with its error; correct the cause and send it again.'),
  HEDDLE_BREAKER_OPEN: row('retryable', 503, 'Calls are paused, since too many failed one after the other', 'Correct what the step calls; take these elements with onError if they cannot wait.'),
  HEDDLE_LOOP_UNFINISHED: row('terminal', 422, 'A loop was not done after all its rounds', 'Raise rounds, or see with onError what does not come to an end.'),
  HEDDLE_TUPLE_NOT_PORTABLE: row('terminal', 422, 'An element cannot go to another process', 'Emit plain values: numbers, strings, dates, arrays, objects, maps, bytes or events; no functions or promises.'),
  HEDDLE_TUPLE_UNKNOWN: row('terminal', 409, 'An element was on its way to a step that takes it no more', 'It is in the dead-letter topic: an upgrade came before it. Send it again from there.'),
  HEDDLE_TUPLE_TIMEOUT: row('retryable', 504, 'An event was not done within the message timeout', 'Make the bolt faster, raise its parallelism, or raise messageTimeout.'),

  // delivery
  HEDDLE_SUBSCRIPTION_UNKNOWN: row('usage', 404, 'There is no such subscription', 'Create it (heddle subscriptions create NAME), or correct the name.'),
  HEDDLE_SUBSCRIPTION_EXISTS: row('usage', 409, 'The subscription exists with other settings', 'Use the settings it has, or change them with heddle subscriptions alter.'),
  HEDDLE_SUBSCRIPTION_INVALID: row('usage', 400, 'The name or the settings of the subscription are not valid', 'Correct what the detail names.'),
  HEDDLE_DELIVERY_REFUSED: row('terminal', 422, 'A consumer could not do the event', 'See the reason that it gave; correct the cause and send the event again.'),
  HEDDLE_DELIVERY_TIMEOUT: row('retryable', 504, 'A consumer did not settle the event in time', 'Extend the lease while it works, or raise leaseMs of the subscription.'),
  HEDDLE_DELIVERY_EXPIRED: row('terminal', 410, 'The event was too old to be given out', 'Add consumers, or raise maxAgeMs of the subscription or the expirytime of the event.'),
  HEDDLE_SCHEDULE_UNKNOWN: row('usage', 404, 'There is no such schedule', 'See heddle schedules list; it was perhaps sent, or cancelled.'),
  HEDDLE_SCHEDULE_INVALID: row('usage', 400, 'The schedule is not valid', 'Correct what the detail names.'),
  HEDDLE_SCHEDULE_UNANSWERED: row('retryable', 503, 'The process that keeps the schedules did not answer', 'Do the same again: it may have been done. Another process takes over when that one is gone.'),
  HEDDLE_PUSH_FORBIDDEN: row('usage', 403, 'The address of an endpoint is none that may be called', 'Use a public address, or allow its network with push.allow of the configuration.'),

  // connectors
  HEDDLE_SINK_UNKNOWN: row('usage', 501, 'There is no connector of that kind', 'Correct the kind; the detail lists those that there are.'),
  HEDDLE_SINK_REJECTED: row('terminal', 502, 'The receiver refused the event for good', 'See the answer in the detail; correct the event or the receiver.'),
  HEDDLE_SINK_UNAVAILABLE: row('retryable', 503, 'The receiver cannot be reached, or is busy', 'It is tried again; check the receiver.'),

  // gateway
  HEDDLE_HTTP_BODY_TOO_LARGE: row('usage', 413, 'The request body is too large', 'Split it, or raise http.maxBodyBytes.'),
  HEDDLE_HTTP_UNSUPPORTED_MEDIA: row('usage', 415, 'The content type is not one that can be published', 'Use application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, or ce- headers.'),
  HEDDLE_HTTP_BAD_REQUEST: row('usage', 400, 'The request is not valid', 'Correct the parameter that the detail names.'),
  HEDDLE_HTTP_NOT_FOUND: row('usage', 404, 'There is nothing at that address', 'See /openapi.json for the addresses there are.'),
  HEDDLE_HTTP_METHOD_NOT_ALLOWED: row('usage', 405, 'That address does not take this method', 'Use one of the methods in Allow.'),
  HEDDLE_HTTP_TIMEOUT: row('retryable', 408, 'The request took too long to arrive', 'Send it faster, or in smaller parts.'),
  HEDDLE_HTTP_HEADERS_TOO_LARGE: row('usage', 431, 'The headers of the request are too large', 'Send long attributes in structured mode, or raise http.maxHeaderBytes.'),
  HEDDLE_HTTP_READER_STALLED: row('retryable', 408, 'The reader took nothing for too long', 'Read faster, or connect again and go on from the last cursor.'),
  HEDDLE_HTTP_INTERNAL: row('retryable', 500, 'Something failed that should not', 'Report it, with what the log of the host says at that time.'),
  HEDDLE_HTTP_UNAVAILABLE: row('retryable', 503, 'The gateway is stopping or overloaded', 'Try again after the time in Retry-After.'),
  HEDDLE_REQUEST_TIMEOUT: row('retryable', 504, 'No reply came in time', 'Ask again with the same event: it is published once, and a reply that came meanwhile is found.'),
  HEDDLE_STOMP_FRAME_INVALID: row('usage', 400, 'The bytes are not a STOMP frame', 'Correct the frame as the detail says; the connection is closed, since what follows cannot be read.'),
  HEDDLE_STOMP_FRAME_TOO_LARGE: row('usage', 413, 'The STOMP frame is larger than the limit', 'Send less, or raise the limit that the detail names.'),
  HEDDLE_STOMP_COMMAND_INVALID: row('usage', 400, 'The STOMP command cannot be done', 'Correct what the detail names.'),
  HEDDLE_STOMP_DESTINATION_INVALID: row('usage', 400, 'The STOMP destination cannot be used', 'Begin it with /queue/, /topic/, /temp-queue/ or /temp-topic/, and correct what the detail names.'),
  HEDDLE_STOMP_SELECTOR_INVALID: row('usage', 400, 'The selector is not valid', 'Correct the selector at the place shown.'),
  HEDDLE_BRIDGE_UNREACHABLE: row('retryable', 503, 'A broker of the bridge cannot be reached', 'Check that it runs, and its address, login and TLS; a bridge that runs tries again by itself.'),
  HEDDLE_BRIDGE_REFUSED: row('terminal', 502, 'A broker refused what the bridge sent', 'Correct what the broker says; the message is still where it came from.'),
  HEDDLE_BUFFER_FULL: row('retryable', 503, 'The buffer for events that the log cannot take is full', 'Try again after the time in Retry-After; see why the log is away, or raise gateway.buffer.maxBytes or maxAge.'),
  HEDDLE_UNAUTHENTICATED: row('usage', 401, 'Who is asking is not known', 'Send credentials that the gateway accepts.'),
  HEDDLE_FORBIDDEN: row('usage', 403, 'That is not allowed for this principal', 'Ask the owner of the resource for a grant.'),
  HEDDLE_QUOTA_EXCEEDED: row('retryable', 429, 'The quota is used up', 'Try again after the time in Retry-After.'),
  HEDDLE_SIGNATURE_INVALID: row('usage', 401, 'The signature of the webhook is wrong', 'Sign the raw body with the shared secret.'),

  // client
  HEDDLE_CLIENT_REQUEST_FAILED: row('retryable', 503, 'The gateway could not be reached', 'Check the address; publishing again is safe, since events are deduplicated.'),
  HEDDLE_CLIENT_BUFFER_FULL: row('retryable', 503, 'Too many events wait to be published', 'Await publish before the next, or raise maxPendingEvents.'),
  HEDDLE_CLIENT_CLOSED: row('usage', 400, 'The client is closed', 'Do not use a client after close().'),

  // testing
  HEDDLE_TEST_FAILED: row('terminal', 500, 'A test failed', 'Run it again with the seed that the detail names: HEDDLE_TEST_SEED=7 npx vitest …'),
  HEDDLE_TEST_STUCK: row('terminal', 500, 'What the test waits for does not come', 'Something waits for real time, for I/O, or for itself: a test fabric moves only its own clock.'),

  // house
  HEDDLE_CONFIG_INVALID: row('usage', 400, 'The configuration is not valid', 'Correct the setting that the detail names.'),
  HEDDLE_MODULE_INVALID: row('usage', 400, 'The file does not hold a topology', 'Export a topology as default: export default topology(…).'),
  HEDDLE_DEPLOY_FORBIDDEN: row('usage', 403, 'The host does not load that file', 'Deploy a file of the folders that the host was started with; the detail lists them.'),
  HEDDLE_ADDRESS_IN_USE: row('usage', 500, 'The address is in use', 'Stop the other process, or choose another port.'),
} as const satisfies Readonly<Record<string, ErrorRow>>

export type ErrorCode = keyof typeof errorTable

export interface HeddleErrorOptions {
  readonly cause?: unknown
  /** Facts for programs: offsets, limits, places. JSON-serialisable. */
  readonly info?: Readonly<Record<string, unknown>>
}

const brand: unique symbol = Symbol.for('heddle.error')

/**
 * An error with a stable `code`. `message` is the table's sentence with the detail of this case; `todo` says what to do.
 *
 * @example
 * throw new HeddleError('HEDDLE_LOG_UNKNOWN_TOPIC', `'orders' (did you mean 'order'?)`)
 */
export class HeddleError extends Error {
  override readonly name = 'HeddleError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly status: number
  readonly detail: string
  readonly todo: string
  readonly info: Readonly<Record<string, unknown>>
  readonly [brand] = true

  constructor(code: ErrorCode, detail = '', options: HeddleErrorOptions = {}) {
    const { kind, status, message, todo } = errorTable[code]
    super(detail === '' ? message : `${message}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.kind = kind
    this.status = status
    this.detail = detail
    this.todo = todo
    this.info = options.info ?? {}
  }
}

/** True also for an error of another copy of this package; with `code`, only for that one. */
export function isHeddleError(error: unknown, code?: ErrorCode): error is HeddleError {
  return error instanceof Error && brand in error && (code === undefined || (error as HeddleError).code === code)
}

/** The text of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
