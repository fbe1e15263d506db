import { utf8 } from './event/record.ts'

const seed = 0x9747b28c | 0
const m = 0x5bd1e995

/**
 * The hash that Kafka's default partitioner uses, without its sign bit; of a text it is that of its UTF-8 bytes. Every
 * partition and every task is chosen by it, so that a key lands in the same place here, on Kafka and in any other client.
 * https://github.com/apache/kafka/blob/4.1.0/clients/src/main/java/org/apache/kafka/common/utils/Utils.java (murmur2)
 *
 * @example
 * murmur2('order-7') % partitions
 */
export function murmur2(key: string | Uint8Array): number {
  return typeof key === 'string' ? ofText(key) : ofBytes(key)
}

function ofText(text: string): number {
  const { length } = text
  let h = seed ^ length
  let at = 0
  // All units together: as long as none is above 127, they are the bytes.
  let units = 0
  for (; at + 4 <= length; at += 4) {
    const [a, b] = [text.charCodeAt(at), text.charCodeAt(at + 1)]
    const [c, d] = [text.charCodeAt(at + 2), text.charCodeAt(at + 3)]
    units |= a | b | c | d
    h = mix(h, a | (b << 8) | (c << 16) | (d << 24))
  }
  if (at < length) {
    const rest = length - at
    const [a, b, c] = [
      text.charCodeAt(at),
      rest > 1 ? text.charCodeAt(at + 1) : 0,
      rest > 2 ? text.charCodeAt(at + 2) : 0,
    ]
    units |= a | b | c
    h = Math.imul(h ^ (a | (b << 8) | (c << 16)), m)
  }
  return units > 127 ? ofBytes(utf8(text)) : finish(h)
}

function ofBytes(bytes: Uint8Array): number {
  const { length } = bytes
  let h = seed ^ length
  let at = 0
  for (; at + 4 <= length; at += 4)
    h = mix(h, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
  if (at < length) {
    if (at + 2 < length) h ^= bytes[at + 2]! << 16
    if (at + 1 < length) h ^= bytes[at + 1]! << 8
    h = Math.imul(h ^ bytes[at]!, m)
  }
  return finish(h)
}

function mix(h: number, word: number): number {
  let k = Math.imul(word, m)
  k = Math.imul(k ^ (k >>> 24), m)
  return Math.imul(h, m) ^ k
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 13), m)
  return (h ^ (h >>> 15)) & 0x7fffffff
}
