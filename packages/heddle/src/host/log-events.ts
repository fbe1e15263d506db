import type { FileCut } from '@heddle/connectors'
import type {
  DeadLetterMessage,
  DeliveryMessage,
  ErrorMessage,
  SkippedMessage,
  StateMessage,
  TimeoutMessage,
} from '@heddle/engine/local'
import type { RefusedMessage } from '@heddle/gateway/http'
import type {
  BackgroundErrorMessage,
  CommitFailedMessage,
  CorruptMessage,
  GroupMessage,
} from '@heddle/log/embedded'
import type { Logger } from './logger.ts'
import { onChannel } from './metrics/on-channel.ts'

/** Writes to the log what an operator should know of the rooms; the answer ends it. */
export function logEvents(logger: Logger): () => void {
  const ends = [
    onChannel<RefusedMessage>('heddle:gateway:refused', ({ method, route, problem, error }) => {
      const facts = { method, route, status: problem.status, code: problem.code }
      // Those below 500 are the caller's business, and it was told.
      if (problem.status >= 500) logger.warn({ ...facts, err: error }, 'a request failed')
      else logger.debug({ ...facts, detail: problem.detail }, 'a request was refused')
    }),
    onChannel<FileCut>('heddle:connectors:file-cut', (facts) => {
      if (facts.length > facts.checkpoint) logger.info(facts, 'cut a file back to what was committed')
      else logger.warn(facts, 'a file is shorter than what was written to it; going on at its end')
    }),
    onChannel<StateMessage>('heddle:engine:state', ({ topology, state }) =>
      logger[state === 'failed' ? 'error' : 'info']({ topology, state }, `topology ${topology} is ${state}`),
    ),
    onChannel<ErrorMessage>('heddle:engine:error', ({ error, ...facts }) =>
      logger.warn({ ...facts, err: error }, 'a topology reported an error'),
    ),
    onChannel<DeadLetterMessage>('heddle:engine:dead-letter', ({ error, ...facts }) =>
      logger.warn({ ...facts, err: error }, 'an event failed for good and goes to the dead letters'),
    ),
    onChannel<TimeoutMessage>('heddle:engine:timeout', (facts) =>
      logger.warn(facts, 'an event was not done in time; it is replayed'),
    ),
    onChannel<SkippedMessage>('heddle:engine:skipped', (facts) =>
      logger.error(facts, 'records were gone before they were read'),
    ),
    onChannel<DeliveryMessage>('heddle:engine:delivery', ({ error, ...facts }) => {
      if (error !== undefined)
        logger.warn({ ...facts, err: error }, 'a sink did not take events; they are tried again')
    }),
    onChannel<CommitFailedMessage>('heddle:log:commit-failed', (facts) =>
      logger.error(facts, 'a commit failed; nothing of it was kept'),
    ),
    onChannel<CorruptMessage>('heddle:log:corrupt', (facts) =>
      logger.error(facts, 'a stored batch is damaged'),
    ),
    onChannel<GroupMessage>('heddle:log:group', ({ change, ...facts }) =>
      logger.debug(facts, `partitions ${change}`),
    ),
    onChannel<BackgroundErrorMessage>('heddle:log:background-error', ({ error, ...facts }) =>
      logger.warn({ ...facts, err: error }, 'work in the background failed; it is tried again'),
    ),
  ]
  return () => ends.forEach((end) => end())
}
