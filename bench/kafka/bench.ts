import { join } from 'node:path'
import type { Log } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import { startKafka } from '../../tools/services/kafka/kafka.ts'
import { scratch } from '../lib/measure.ts'

/** What each figure of this group gets: a broker, a log on it, and a folder on disk. */
export interface Bench {
  readonly log: Log
  readonly brokers: readonly string[]
  readonly folder: string
}

/** A broker with more memory than for tests, which lets a member's session be as short as this. */
const properties = {
  'group.consumer.min.session.timeout.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 200,
}

/** Runs on one broker of its own; HEDDLE_TEST_KAFKA names one that runs already, while a bench is worked on. */
export async function onKafka(run: (bench: Bench) => Promise<void>): Promise<void> {
  const running = process.env['HEDDLE_TEST_KAFKA']
  const kafka =
    running === undefined || running === '' ? await startKafka({ heap: '1g', properties }) : undefined
  try {
    const brokers = (kafka?.bootstrap ?? running!).split(',')
    await scratch(async (folder) => {
      const log = await openKafkaLog({ brokers, statePath: join(folder, 'driver') })
      try {
        await run({ log, brokers, folder })
      } finally {
        await log.close()
      }
    })
  } finally {
    await kafka?.stop()
  }
}
