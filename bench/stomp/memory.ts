import { type Broker, startBroker } from './broker.ts'
import { Link, frame } from './link.ts'

/** What the broker holds in MB with that many connections that do nothing. */
export async function idle(broker: Broker, connections: number): Promise<number> {
  const links: Link[] = []
  // A few at a time: the queue of those that wait to be accepted is short.
  while (links.length < connections)
    links.push(...(await Promise.all(Array.from({ length: 100 }, () => Link.open(broker.port)))))
  const held = await broker.memory()
  for (const link of links) link.close()
  return held
}

/** What a broker that was just started holds in MB, with that many messages in a queue and a consumer that acknowledges none. */
export async function waiting(folder: string, messages: number): Promise<number> {
  const destination = '/queue/waiting'
  {
    await using broker = await startBroker(folder)
    await fill(broker, destination, messages)
  }
  // Another one, that did not take them in.
  await using broker = await startBroker(folder)
  const consumer = await Link.open(broker.port)
  const given = new Promise<void>((resolve) => consumer.onFrames(() => resolve()))
  consumer.socket.write(frame('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' }))
  await given
  return await broker.memory()
}

async function fill({ port }: Broker, destination: string, messages: number): Promise<void> {
  const perReceipt = 1_000
  const body = 'x'.repeat(100)
  const message = frame('SEND', { destination }, body)
  const last = frame('SEND', { destination, receipt: 'r' }, body)
  const batch = Buffer.concat([...Array.from({ length: perReceipt - 1 }, () => message), last])
  let batches = Math.ceil(messages / perReceipt)
  const send = async (): Promise<void> => {
    const link = await Link.open(port)
    await new Promise<void>((resolve) => {
      const next = (): void => {
        if (batches-- > 0) link.socket.write(batch)
        else resolve()
      }
      link.onFrames(next)
      next()
    })
    link.close()
  }
  await Promise.all(Array.from({ length: 4 }, send))
}
