import type { RetryOptions } from './retry.ts'

/** Sizes in bytes, times in milliseconds. */
export interface ClientOptions {
  /** Address of the gateway: `http://localhost:4333`. */
  readonly url: string
  /** Sent with every request, such as an `authorization`; a function is asked each time. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** Default: the `fetch` of the runtime. */
  readonly fetch?: typeof globalThis.fetch
  /**
   * How long the first event of a batch waits for company. Default 0: a batch is what came while the one before it was
   * under way, which costs no time and fills batches under load.
   */
  readonly lingerMs?: number
  /** Events in one request. Default 500. */
  readonly maxBatchEvents?: number
  /** Size of one request, about. Default 1 MiB. */
  readonly maxBatchBytes?: number
  /** Events that wait, over all topics; `publish` refuses more. Default 100,000. */
  readonly maxPendingEvents?: number
  /** Longest time for the answer to a publish. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Longest silence of a subscription before it connects again. Default 45,000: three of the gateway's heartbeats. */
  readonly idleTimeoutMs?: number
  readonly retry?: RetryOptions
}

/** Options with their defaults, as the parts of a client share them. */
export interface Settings extends Required<Omit<ClientOptions, 'headers' | 'retry' | 'url'>> {
  readonly url: string
  headers(): Readonly<Record<string, string>>
  readonly retry: RetryOptions
}

export function settingsOf(options: ClientOptions): Settings {
  const { headers = {} } = options
  return {
    url: options.url.replace(/\/+$/, ''),
    headers: typeof headers === 'function' ? headers : () => headers,
    // Browsers refuse a fetch that is called as anything but a plain function.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    lingerMs: options.lingerMs ?? 0,
    maxBatchEvents: options.maxBatchEvents ?? 500,
    maxBatchBytes: options.maxBatchBytes ?? 1024 ** 2,
    maxPendingEvents: options.maxPendingEvents ?? 100_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 45_000,
    retry: options.retry ?? {},
  }
}

export const topicUrl = ({ url }: Settings, topic: string): string =>
  `${url}/topics/${encodeURIComponent(topic)}/events`
