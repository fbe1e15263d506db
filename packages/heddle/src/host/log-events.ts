import type { FileCut } from '@heddle/connectors'
import { type Clock, systemClock } from '@heddle/core'
import type { BreakerChanged, DeliveryFailed, EndpointGone, ScheduleFailed, Settled } from '@heddle/delivery'
import type {
  DeadLetterMessage,
  DeliveryMessage,
  ErrorMessage,
  ShellMessage,
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
import type { SettledMessage } from '@heddle/log/kafka'
import type { BufferMessage, LogStateMessage } from './gateway-log/channels.ts'
import { logRestores } from './log-restores.ts'
import type { Logger } from './logger.ts'
import { onChannel } from './metrics/on-channel.ts'
import { Throttle } from './throttle.ts'

type Weight = 'debug' | 'info' | 'warn' | 'error'

/**
 * Writes to the log what an operator should know of the rooms; the answer ends it. What can happen for every event is
 * written once a second for each component; the metrics count them all.
 */
export function logEvents(logger: Logger, clock: Clock = systemClock): () => void {
  const throttle = new Throttle(clock)
  const often = (weight: Weight, kind: string, facts: object, message: string): void =>
    throttle.pass(`${message} ${kind}`, (leftOut) =>
      logger[weight](leftOut === 0 ? facts : { ...facts, leftOut }, message),
    )
  const ends = [
    logRestores(logger, clock),
    onChannel<RefusedMessage>('heddle:gateway:refused', ({ method, route, problem, error }) => {
      const facts = { method, route, status: problem.status, code: problem.code }
      // Those below 500 are the caller's business, and it was told.
      if (problem.status >= 500) often('warn', problem.code, { ...facts, err: error }, 'a request failed')
      else logger.debug({ ...facts, detail: problem.detail }, 'a request was refused')
    }),
    onChannel<LogStateMessage>('heddle:host:log', ({ state, ...facts }) => {
      if (state === 'away') logger.warn(facts, 'the log is away')
      else logger.info(facts, 'the log is back')
    }),
    onChannel<BufferMessage>('heddle:host:buffer', ({ state, error, ...facts }) => {
      if (state === 'buffering') logger.warn({ ...facts, reason: error }, 'events go into the buffer')
      else if (state === 'empty') logger.info(facts, 'the buffer is empty: events go to the log again')
      else
        often(
          'warn',
          `buffer ${facts.topic}`,
          { ...facts, err: error },
          'the buffer cannot be emptied; it is tried again',
        )
    }),
    onChannel<FileCut>('heddle:connectors:file-cut', (facts) => {
      if (facts.length > facts.checkpoint) logger.info(facts, 'cut a file back to what was committed')
      else logger.warn(facts, 'a file is shorter than what was written to it; going on at its end')
    }),
    onChannel<StateMessage>('heddle:engine:state', (facts) =>
      logger[facts.state === 'failed' ? 'error' : 'info'](
        facts,
        `topology ${facts.topology} is ${facts.state}`,
      ),
    ),
    onChannel<ErrorMessage>('heddle:engine:error', ({ error, ...facts }) =>
      often(
        'warn',
        `${facts.topology} ${facts.component}`,
        { ...facts, err: error },
        'a topology reported an error',
      ),
    ),
    onChannel<DeadLetterMessage>('heddle:engine:dead-letter', ({ error, ...facts }) =>
      often(
        'warn',
        `${facts.topology} ${facts.component}`,
        { ...facts, err: error },
        'an event failed for good and goes to the dead letters',
      ),
    ),
    onChannel<TimeoutMessage>('heddle:engine:timeout', (facts) =>
      often('warn', facts.topology, facts, 'an event was not done in time; it is replayed'),
    ),
    onChannel<SkippedMessage>('heddle:engine:skipped', (facts) =>
      logger.error(facts, 'records were gone before they were read'),
    ),
    onChannel<DeliveryMessage>('heddle:engine:delivery', ({ error, ...facts }) => {
      if (error === undefined) return
      const kind = `${facts.topology} ${facts.component}`
      often('warn', kind, { ...facts, err: error }, 'a sink did not take events; they are tried again')
    }),
    onChannel<ShellMessage>('heddle:engine:shell', ({ message, level, ...facts }) =>
      logger[level === 'trace' ? 'debug' : level](facts, message),
    ),
    onChannel<ScheduleFailed>('heddle:delivery:schedule-failed', ({ error, ...facts }) =>
      often(
        'warn',
        `schedules ${facts.partition}`,
        { ...facts, err: error },
        'schedules could not be kept or sent; it is tried again',
      ),
    ),
    onChannel<DeliveryFailed>('heddle:delivery:failed', ({ error, ...facts }) =>
      often(
        'warn',
        `${facts.subscription} ${facts.doing}`,
        { ...facts, err: error },
        'a subscription cannot go on; it is tried again',
      ),
    ),
    onChannel<BreakerChanged>('heddle:delivery:breaker', ({ state, ...facts }) => {
      if (state === 'closed') logger.info(facts, 'an endpoint takes events again')
      else
        often('warn', facts.subscription, facts, 'an endpoint failed too often: it is left alone for a while')
    }),
    onChannel<EndpointGone>('heddle:delivery:gone', (facts) =>
      logger.warn(facts, 'an endpoint wants no more (410): its subscription is suspended'),
    ),
    onChannel<Settled>('heddle:delivery:settled', ({ outcome, ...facts }) => {
      if (outcome === 'dead')
        often('warn', facts.subscription, facts, 'a subscription gave up events: they are dead letters')
      else if (outcome === 'lost')
        logger.error(facts, 'events of a subscription were deleted before they were given out')
    }),
    onChannel<SettledMessage>('heddle:log:kafka:settled', (facts) =>
      logger.warn(facts, 'a transaction that brokers had left open in a partition was ended (KAFKA-20734)'),
    ),
    onChannel<CommitFailedMessage>('heddle:log:commit-failed', (facts) =>
      often('error', facts.code, facts, 'a commit failed; nothing of it was kept'),
    ),
    onChannel<CorruptMessage>('heddle:log:corrupt', (facts) =>
      often('error', `${facts.topic} ${facts.partition}`, facts, 'a stored batch is damaged'),
    ),
    onChannel<GroupMessage>('heddle:log:group', ({ change, ...facts }) =>
      logger.debug(facts, `partitions ${change}`),
    ),
    onChannel<BackgroundErrorMessage>('heddle:log:background-error', ({ error, ...facts }) =>
      often('warn', facts.task, { ...facts, err: error }, 'work in the background failed; it is tried again'),
    ),
  ]
  return () => ends.forEach((end) => end())
}
