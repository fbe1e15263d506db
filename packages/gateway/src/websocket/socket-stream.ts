import { isUtf8 } from 'node:buffer'
import { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'

/**
 * A WebSocket as a stream of bytes, for protocols that have frames of their own. What is written goes out as a text message where
 * it is text, as browsers' clients expect it, and as a binary one otherwise; where messages begin and end means nothing.
 */
export function socketStream(socket: WebSocket): Duplex {
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.send(chunk, { binary: !isUtf8(chunk) }, done)
    },
    final(done) {
      socket.close(1000)
      done()
    },
    destroy(error, done) {
      if (socket.readyState !== socket.CLOSED && socket.readyState !== socket.CLOSING) socket.terminate()
      done(error)
    },
  })
  socket.on('message', (data: RawData) => {
    if (!stream.push(data)) socket.pause()
  })
  socket.on('close', () => {
    stream.push(null)
    stream.destroy()
  })
  // A broken frame or a reset; 'close' follows.
  socket.on('error', () => stream.destroy())
  return stream
}
