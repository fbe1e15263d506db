import { percentile } from '../lib/measure.ts'
import { Link, frame } from './link.ts'

export interface EndToEnd {
  /** Messages a second that were sent with a receipt, received and acknowledged. */
  readonly perSecond: number
  /** From the SEND to the MESSAGE, 99 of 100, in ms. */
  readonly p99: number
}

const padding = 'x'.repeat(1000)
let runs = 0

/** Each sender sends the next one when the receipt has come; each consumer acknowledges each by itself. */
export async function endToEnd(port: number, each: number, seconds: number): Promise<EndToEnd> {
  const destination = `/queue/end-to-end-${runs++}`
  const latencies: number[] = []
  let measuring = false
  const consumers = await Promise.all(Array.from({ length: each }, () => Link.open(port)))
  for (const { socket } of consumers) {
    let text = ''
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const acks: Buffer[] = []
      for (let end = text.indexOf('\0'); end !== -1; end = text.indexOf('\0')) {
        const message = text.slice(0, end)
        text = text.slice(end + 1)
        const ack = /^ack:(.*)$/m.exec(message)?.[1]
        if (ack === undefined) continue
        acks.push(frame('ACK', { id: ack }))
        const sent = Number(/\n\n([\d.]+) /.exec(message)?.[1])
        if (measuring) latencies.push(performance.now() - sent)
      }
      if (acks.length > 0) socket.write(Buffer.concat(acks))
    })
    socket.write(frame('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' }))
  }
  const senders = await Promise.all(Array.from({ length: each }, () => Link.open(port)))
  for (const link of senders) {
    const next = (): void =>
      void link.socket.write(
        frame('SEND', { destination, persistent: 'true', receipt: 'r' }, `${performance.now()} ${padding}`),
      )
    link.onFrames(next)
    next()
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const began = performance.now()
  measuring = true
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  measuring = false
  const perSecond = latencies.length / ((performance.now() - began) / 1000)
  for (const link of [...senders, ...consumers]) link.close()
  return { perSecond, p99: percentile(latencies, 0.99) }
}
