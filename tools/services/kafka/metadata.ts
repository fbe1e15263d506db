import { lengthPrefixed, request } from '../request.ts'

// Kafka protocol, Metadata (key 3) version 1, https://kafka.apache.org/protocol#The_Messages_Metadata. In a frame of
// `length int32`:
//   request  = key int16, version int16, correlation int32, client string, topics array    (an empty array: none)
//   response = correlation int32, brokers [id int32, host string, port int32, rack nullable string], …
//   string   = length int16, bytes; -1 is null
const METADATA = Buffer.from('0003000100000001ffff00000000', 'hex')

/**
 * The ids of the brokers that the broker at this port knows as live: registered, caught up and not fenced.
 *
 * @throws when it does not answer.
 */
export function liveBrokers(port: number): Promise<number[]> {
  const length = Buffer.alloc(4)
  length.writeInt32BE(METADATA.length)
  return request(port, Buffer.concat([length, METADATA]), (received) => {
    const frame = lengthPrefixed(received)
    return frame && brokersOf(frame)
  })
}

function brokersOf(frame: Buffer): number[] {
  const ids: number[] = []
  let at = 8
  const skipString = (): void => {
    at += 2 + Math.max(0, frame.readInt16BE(at))
  }
  for (let left = frame.readInt32BE(4); left > 0; left--) {
    ids.push(frame.readInt32BE(at))
    at += 4
    skipString()
    at += 4
    skipString()
  }
  return ids
}
