// A plain kafkajs consumer that sends for each message. Arguments: its module, brokers, the routing as JSON.
import type { Order, Routing } from './topologies.ts'

interface Message {
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: object
}

/** What is used of it. */
interface KafkaJs {
  readonly Kafka: new (options: { clientId: string; brokers: string[]; logLevel: number }) => {
    producer(): {
      connect(): Promise<void>
      send(what: { topic: string; messages: Message[] }): Promise<unknown>
    }
    consumer(options: { groupId: string }): {
      connect(): Promise<void>
      subscribe(what: { topic: string; fromBeginning: boolean }): Promise<void>
      run(how: {
        autoCommitInterval: number
        eachMessage: (each: { message: Message }) => Promise<void>
      }): Promise<void>
    }
  }
  readonly logLevel: { readonly ERROR: number }
}

const [module, brokers, json] = process.argv.slice(2) as [string, string, string]
const { name, input, near, far, commitIntervalMs } = JSON.parse(json) as Routing
process.on('disconnect', () => process.exit(0))

// It gives timers waits below 0, which Node warns of.
process.removeAllListeners('warning')
const { default: library } = (await import(module)) as { default: KafkaJs }
const kafka = new library.Kafka({
  clientId: 'kafkajs',
  brokers: brokers.split(','),
  logLevel: library.logLevel.ERROR,
})
const producer = kafka.producer()
const consumer = kafka.consumer({ groupId: name })
await producer.connect()
await consumer.connect()
await consumer.subscribe({ topic: input, fromBeginning: true })
await consumer.run({
  autoCommitInterval: commitIntervalMs,
  eachMessage: async ({ message }) => {
    const order = JSON.parse(message.value.toString()) as Order
    if (order.total <= 0) return
    const { key, headers } = message
    const value = Buffer.from(JSON.stringify(order))
    await producer.send({ topic: order.country === 'DE' ? near : far, messages: [{ key, value, headers }] })
  },
})
