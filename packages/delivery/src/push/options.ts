import type { BreakerSettings } from './breaker.ts'

/** Times in milliseconds. */
export interface PushLimits {
  /** 10 failures one after the other; 5 s, growing to 5 minutes: an endpoint that restarts is not left alone for long. */
  readonly breaker: BreakerSettings
  /** How long a stop waits for answers. 10 s: below the 30 s that orchestrators give. */
  readonly drainMs: number
  /**
   * How often a process that pushes nothing looks whether others made something to push; one that does looks every `refreshMs`. 10 s: a
   * look asks the log, and most processes never have anything to push.
   */
  readonly lookMs: number
}

export const defaultPushLimits: PushLimits = {
  breaker: { failures: 10, openMs: 5_000, maxOpenMs: 300_000 },
  drainMs: 10_000,
  lookMs: 10_000,
}

export interface PushOptions extends Partial<PushLimits> {
  /**
   * Networks that may be called though they are not public, such as `10.1.0.0/16`, `127.0.0.1` or `fd00::/8`; `any` for all. Default none:
   * who may make a subscription must not reach the network of the host with it.
   */
  readonly allow?: readonly string[]
}
