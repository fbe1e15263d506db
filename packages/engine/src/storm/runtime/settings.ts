/** What a component is told by the topology's configuration, beside the plan. */
export interface ComponentSettings {
  /** Most tuples of a batch. */
  readonly maxBatch: number
  /** A batch is sent when its parts have this many bytes. */
  readonly maxBatchBytes: number
  /** A spout that has so many batches under way to a task fills the next one, for at most so many milliseconds. */
  readonly maxUnderWay: number
  readonly lingerMs: number
  /** Code that does nothing else for this long, in milliseconds, is stuck in a loop: the process ends, and Storm starts it again. */
  readonly hangTimeoutMs: number
  /** Least time between two errors of a component that Storm is told of, in milliseconds: each is written to ZooKeeper. */
  readonly errorIntervalMs: number
}

/** Names in the topology's configuration (`topology.…` are Storm's own). */
export const confNames = {
  /** The plan, as JSON. */
  plan: 'heddle.plan',
  /** What `openLog` gets, as JSON. */
  log: 'heddle.log',
  /** `ComponentSettings`, as JSON. */
  settings: 'heddle.settings',
  /** Ids of the transactional components, as JSON. */
  transactional: 'heddle.transactional',
  /** When it was submitted, in milliseconds since 1970. */
  submittedAt: 'heddle.submitted-at',
} as const
