import { join } from 'node:path'
import { utf8 } from '@heddle/core'
import { openKafkaLog } from '@heddle/log/kafka'
import type { Report } from '../lib/figure.ts'
import { median } from '../lib/measure.ts'
import type { Bench } from './bench.ts'

const keys = 1_000_000
const rounds = 3
const keysPerTransaction = 10_000

/** State of a million keys on a machine that has none of it: until the store can be used. */
export async function restore(report: Report, { log, brokers, folder }: Bench): Promise<void> {
  const store = await log.store('customers')
  const transactor = await log.transactor('filling')
  let committing = Promise.resolve()
  for (let from = 0; from < keys; from += keysPerTransaction) {
    const transaction = transactor.begin()
    for (let n = from; n < from + keysPerTransaction; n++)
      transaction.put(store, `customer-${n}`, utf8(`{"seen":1,"last":"customer-${n}"}`))
    await committing
    committing = transaction.commit()
  }
  await committing
  await transactor.close()

  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const empty = await openKafkaLog({ brokers, statePath: join(folder, `restore-${round}`) })
    const began = performance.now()
    const restored = await empty.store('customers')
    rates.push((keys / (performance.now() - began)) * 1000)
    if (restored.size() !== keys) throw new Error(`${restored.size()} keys of ${keys} are there`)
    await empty.close()
  }
  report({
    figure: 'state of 1M keys, restored from its changelog',
    unit: 'keys/s',
    ours: median(rates),
    reference: 200_000,
    atLeast: 1,
    conditions: { against: 'a bound', value: '35 bytes of JSON', partitions: 1, brokers: 1, rounds },
  })
}
