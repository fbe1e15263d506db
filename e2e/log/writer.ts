// Writes to a log without end, in three ways at once, and says what was acknowledged. It is there to be killed.
//
// plain   appends of a few records to partition 0, several at a time: [ 'plain', offset, value ] for each record
// unique  appends with identities, beginning before the first that was not acknowledged: [ 'unique', number ]
// counter transactions that append a number and put the next one into a state: [ 'counter', number ]

import { writeSync } from 'node:fs'
import { openEmbeddedLog } from '@heddle/log/embedded'

const { path, name, run, uniqueFrom } = JSON.parse(process.argv[2]!) as {
  path: string
  /** Of this writer; another one may write to the same log. */
  name: string
  run: number
  uniqueFrom: number
}
// Written at once and not through a stream, so that what is said was so when the process is killed.
const say = (message: unknown): void => void writeSync(1, `${JSON.stringify(message)}\n`)

const log = await openEmbeddedLog({ path, maxBatchBytes: 16_384 })
await log.createTopic({ name: 'plain', partitions: 1 })
await log.createTopic({ name: 'unique', partitions: 3 })
await log.createTopic({ name: `counter-${name}`, partitions: 1 })

let sequence = 0
async function plain(): Promise<never> {
  for (;;) {
    const records = Array.from({ length: 1 + (sequence % 5) }, () => ({
      value: `${name}-${run}-${sequence++}`.padEnd(50 + (sequence % 1500)),
    }))
    const answers = await log.append('plain', records)
    for (const [i, { offset }] of answers.entries()) say(['plain', offset, records[i]!.value.trimEnd()])
  }
}

async function unique(): Promise<never> {
  for (let next = uniqueFrom; ; next += 3) {
    const numbers = [next, next + 1, next + 2]
    const records = numbers.map((number) => ({
      value: `${name}-${number}`,
      headers: [
        ['ce_source', `/${name}`],
        ['ce_id', `${number}`],
      ] as const,
    }))
    await log.append('unique', records, { dedupe: true })
    for (const number of numbers) say(['unique', number])
  }
}

async function counter(): Promise<never> {
  const store = await log.store('counters')
  const transactor = await log.transactor(name)
  for (;;) {
    const number = Number(new TextDecoder().decode(store.get(name)) || '0')
    const transaction = transactor.begin()
    transaction.append(`counter-${name}`, [{ value: `${number}` }])
    transaction.put(store, name, Buffer.from(`${number + 1}`))
    await transaction.commit()
    say(['counter', number])
  }
}

await Promise.all([plain(), plain(), plain(), unique(), counter()])
