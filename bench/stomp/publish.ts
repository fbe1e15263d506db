import { Link, send } from './link.ts'

export interface Publishing {
  readonly port: number
  readonly connections: number
  /** Messages for each receipt; the next ones are sent when it has come. */
  readonly perReceipt: number
  readonly seconds: number
  /** Of each message, besides where it goes. */
  readonly headers?: Readonly<Record<string, number>>
}

let runs = 0

/** Messages a second whose receipt came. */
export async function publish({
  connections,
  headers = {},
  perReceipt,
  port,
  seconds,
}: Publishing): Promise<number> {
  // A queue of its own, so that none grows over the rounds.
  const destination = `/queue/publish-${runs++}`
  const batch = Buffer.concat([
    ...Array.from({ length: perReceipt - 1 }, () => send(destination, headers)),
    send(destination, { ...headers, receipt: 'r' }),
  ])
  const links = await Promise.all(Array.from({ length: connections }, () => Link.open(port)))
  let receipts = 0
  for (const link of links) {
    link.onFrames((count) => {
      receipts += count
      link.socket.write(batch)
    })
    link.socket.write(batch)
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  const [before, began] = [receipts, performance.now()]
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const perSecond = ((receipts - before) * perReceipt) / ((performance.now() - began) / 1000)
  for (const link of links) link.close()
  return perSecond
}
