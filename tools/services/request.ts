import { connect } from 'node:net'

/** How long one answer may take, in milliseconds: a service that is ready answers in a few. */
const ANSWER_TIMEOUT = 2_000

/**
 * Opens a connection to a port of this machine, writes `bytes`, and reads until `whole` finds an answer in what has come.
 *
 * @param whole called with all bytes so far; undefined means that more is needed.
 * @throws when the connection fails or ends, or when no whole answer came within two seconds.
 */
export function request<T>(
  port: number,
  bytes: Uint8Array,
  whole: (received: Buffer) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = Buffer.alloc(0)
    const fail = (why: string): void => {
      socket.destroy()
      reject(new Error(`port ${port}: ${why}`))
    }
    socket.setTimeout(ANSWER_TIMEOUT, () => fail('no answer'))
    socket.on('error', (error) => fail(error.message))
    socket.on('close', () => fail('closed before it answered'))
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      try {
        const answer = whole(received)
        if (answer === undefined) return
        resolve(answer)
        socket.destroy()
      } catch (error) {
        fail(String(error))
      }
    })
  })
}

/** The first frame of a protocol that puts its length, four bytes big-endian, before each; undefined until it is whole. */
export function lengthPrefixed(received: Buffer): Buffer | undefined {
  if (received.length < 4) return undefined
  const end = 4 + received.readInt32BE(0)
  return received.length < end ? undefined : received.subarray(4, end)
}
