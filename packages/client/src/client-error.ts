/** Problem details (RFC 9457), as the gateway answers. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly code: string
  readonly kind: 'retryable' | 'terminal' | 'usage'
  readonly todo: string
  readonly info?: Readonly<Record<string, unknown>>
}

/**
 * What went wrong. `code` is stable: one of docs/reference/errors.md, as the gateway gave it, or one of the client's own
 * (`HEDDLE_CLIENT_…`). `isHeddleError` of `@heddle/core` knows it too.
 */
export class ClientError extends Error {
  override readonly name = 'HeddleError'
  readonly code: string
  readonly kind: Problem['kind']
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  readonly detail: string
  readonly todo: string
  readonly info: Readonly<Record<string, unknown>>

  constructor(problem: Omit<Problem, 'type'>, cause?: unknown) {
    super(
      problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`,
      cause === undefined ? undefined : { cause },
    )
    this.code = problem.code
    this.kind = problem.kind
    this.status = problem.status
    this.detail = problem.detail ?? ''
    this.todo = problem.todo
    this.info = problem.info ?? {}
    Object.defineProperty(this, Symbol.for('heddle.error'), { value: true })
  }
}

/** Whether the same again can help: the gateway is busy, stopping or out of reach. */
export const isRetryable = ({ kind, status }: ClientError): boolean =>
  kind !== 'terminal' && (status === 0 || status >= 500 || status === 408 || status === 429)

/** There was no answer at all. */
export const unreachable = (cause: unknown): ClientError =>
  new ClientError(
    {
      title: 'The gateway could not be reached',
      detail: cause instanceof Error ? cause.message : String(cause),
      status: 0,
      code: 'HEDDLE_CLIENT_REQUEST_FAILED',
      kind: 'retryable',
      todo: 'Check the address; publishing again is safe, since events are deduplicated.',
    },
    cause,
  )

export const closed = (): ClientError =>
  new ClientError({
    title: 'The client is closed',
    status: 400,
    code: 'HEDDLE_CLIENT_CLOSED',
    kind: 'usage',
    todo: 'Do not use a client after close().',
  })

export const bufferFull = (limit: number): ClientError =>
  new ClientError({
    title: 'Too many events wait to be published',
    detail: `${limit} (maxPendingEvents)`,
    status: 503,
    code: 'HEDDLE_CLIENT_BUFFER_FULL',
    kind: 'retryable',
    todo: 'Await publish before the next, or raise maxPendingEvents.',
  })

/** The error of an answer that is not a success. */
export async function errorOf(response: Response): Promise<ClientError> {
  const { status } = response
  let text = ''
  try {
    text = await response.text()
    const problem = JSON.parse(text) as Problem
    if (typeof problem.code === 'string') return new ClientError({ ...problem, status })
  } catch {
    // Not ours: a proxy in between answers as it likes.
  }
  return new ClientError({
    title: 'The gateway could not be reached',
    detail: `${status} ${response.statusText} ${text.slice(0, 200)}`.trim(),
    status,
    code: 'HEDDLE_CLIENT_REQUEST_FAILED',
    kind: status >= 500 ? 'retryable' : 'usage',
    todo: 'Check the address and what stands between it and this client.',
  })
}
