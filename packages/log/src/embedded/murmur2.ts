/**
 * murmur2 as Kafka's default partitioner uses it, so that a key lands in the same partition here and there.
 * Source: `org.apache.kafka.common.utils.Utils.murmur2`, seed 0x9747b28c.
 *
 * @module
 */
export function murmur2(data: Uint8Array, length: number = data.length): number {
  let hash = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
    word = Math.imul(word, 0x5bd1e995)
    word ^= word >>> 24
    hash = Math.imul(hash, 0x5bd1e995) ^ Math.imul(word, 0x5bd1e995)
  }
  const rest = length - i
  if (rest === 3) hash ^= data[i + 2]! << 16
  if (rest >= 2) hash ^= data[i + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ data[i]!, 0x5bd1e995)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0x5bd1e995)
  return hash ^ (hash >>> 15)
}

/** The partition of the key in the first `length` bytes: Kafka's `toPositive(murmur2(key)) % numPartitions`. */
export function partitionOf(key: Uint8Array, length: number, partitions: number): number {
  return (murmur2(key, length) & 0x7fffffff) % partitions
}
