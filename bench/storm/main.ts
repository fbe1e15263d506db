import { openKafkaLog } from '@heddle/log/kafka'
import { startKafka } from '../../tools/services/kafka/kafka.ts'
import { startStorm } from '../../tools/services/storm/storm.ts'
import { whatIsMissing } from '../../tools/services/toolchain.ts'
import type { Report } from '../lib/figure.ts'
import { scratch } from '../lib/measure.ts'
import { measure } from './figures.ts'

export async function run(report: Report): Promise<void> {
  const missing = whatIsMissing(['kafka', 'storm'])
  if (missing !== undefined) return console.log(`  – all figures are left out: ${missing}`)
  await using kafka = await startKafka()
  // Workers that have no room spend their time on collecting garbage.
  await using storm = await startStorm({ workerHeap: 768 })
  await scratch(async (folder) => {
    const brokers = kafka.bootstrap.split(',')
    const log = await openKafkaLog({ brokers, statePath: folder })
    try {
      await measure(report, storm, log, brokers)
    } finally {
      await log.close()
    }
  })
}
