import {
  Consumer,
  MessagesStreamModes,
  Producer,
  ProduceAcks,
  stringDeserializer,
  stringSerializer,
} from '@platformatic/kafka'
import { type Batch, records } from './payload.ts'

/** A producer of the bare client, as its documentation has it: idempotent, acks=all. */
export function bareProducer(brokers: readonly string[]) {
  const producer = new Producer<string>({
    clientId: 'bare',
    bootstrapBrokers: [...brokers],
    serializers: { key: stringSerializer, value: (value?: Buffer) => value },
    idempotent: true,
    acks: ProduceAcks.ALL,
  })
  return {
    send: async (topic: string, batch: Batch): Promise<void> => {
      await producer.send({ messages: batch.map(({ key, value }) => ({ topic, key, value })) })
    },
    close: () => producer.close(),
  }
}

/** Milliseconds from the first record to the last, of all that the topic has. */
export async function bareConsume(brokers: readonly string[], topic: string): Promise<number> {
  const consumer = new Consumer<string>({
    clientId: 'bare',
    groupId: `bare-${crypto.randomUUID()}`,
    bootstrapBrokers: [...brokers],
    deserializers: { key: stringDeserializer, value: (value?: Buffer) => value! },
    maxBytes: 4 * 2 ** 20,
    // So many objects of the stream that none of its waits is for the reader.
    highWaterMark: 10_000,
    isolationLevel: 1,
  })
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
  })
  let began = 0
  let bytes = 0
  let count = 0
  try {
    for await (const message of stream) {
      if (count === 0) began = performance.now()
      bytes += message.value.length
      if (++count === records) break
    }
    if (bytes !== records * 1024) throw new Error(`${bytes} bytes came`)
    return performance.now() - began
  } finally {
    await stream.close()
    await consumer.close(true)
  }
}
