import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '@heddle/core'
import { type KafkaLogOptions, openKafkaLog } from '@heddle/log/kafka'
import { type KafkaOptions, startKafka } from '../../tools/services/kafka/kafka.ts'

/** A Kafka for one file of tests. */
export interface TestKafka {
  readonly brokers: readonly string[]
  stop(): Promise<void>
}

/** Small limits, so that a member that dies is noticed within seconds; the last is that of the classic protocol. */
export const quick = {
  'group.consumer.min.session.timeout.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 200,
  'group.min.session.timeout.ms': 1_000,
}

/**
 * Starts one; HEDDLE_TEST_KAFKA names brokers that run already, for tests that are run again and again. What needs other
 * brokers than the usual one starts its own in any case.
 */
export async function startTestKafka(options: KafkaOptions = {}): Promise<TestKafka> {
  const running = process.env['HEDDLE_TEST_KAFKA'] ?? ''
  if (running !== '' && Object.keys(options).length === 0)
    return { brokers: running.split(','), stop: async () => {} }
  const kafka = await startKafka({ ...options, properties: { ...quick, ...options.properties } })
  return { brokers: kafka.bootstrap.split(','), stop: () => kafka.stop() }
}

/** A log with a folder of its own for state, which goes with it. */
export interface TestLog {
  readonly log: Log
  /** Closes the log, and opens it again on the same folder. */
  reopen(): Promise<Log>
  /** Opens it as another machine does, on an empty folder of its own. */
  elsewhere(): Promise<Log>
  close(): Promise<void>
}

export async function openTestLog(options: Omit<KafkaLogOptions, 'statePath'>): Promise<TestLog> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-kafka-'))
  const statePath = join(folder, 'state')
  let log = await openKafkaLog({ ...options, statePath })
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await openKafkaLog({ ...options, statePath })
      return log
    },
    elsewhere: async () => openKafkaLog({ ...options, statePath: await mkdtemp(join(folder, 'elsewhere-')) }),
    close: async () => {
      await log.close()
      await rm(folder, { recursive: true })
    },
  }
}
