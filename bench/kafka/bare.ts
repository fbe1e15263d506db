import {
  Consumer,
  MessagesStreamModes,
  Producer,
  ProduceAcks,
  stringDeserializer,
  stringSerializer,
} from '@platformatic/kafka'
import { type Batch, recordBytes, records } from './payload.ts'

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

/** A consumer of the bare client that has joined its group and has the first record of the topic in hand. */
export async function bareConsumer(brokers: readonly string[], topic: string) {
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
  const messages = stream[Symbol.asyncIterator]()
  const next = async (): Promise<number> => {
    const message = await messages.next()
    if (message.done === true) throw new Error('the stream has ended')
    return message.value.value.length
  }
  let bytes = await next()
  return {
    readAll: async (): Promise<void> => {
      for (let count = 1; count < records; count++) bytes += await next()
      if (bytes !== records * recordBytes) throw new Error(`${bytes} bytes came`)
    },
    close: async (): Promise<void> => {
      await stream.close()
      await consumer.close(true)
    },
  }
}
