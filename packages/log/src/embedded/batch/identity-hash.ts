/**
 * A 64-bit hash of a record's identity (CloudEvents `source` and `id`), as two 32-bit halves. It only narrows the search
 * for duplicates: a hit is compared byte by byte with the stored record, so that two identities that collide stay two.
 *
 * @module
 */

/** FNV-1a with two seeds, over both texts and a byte between them. Never gives 0, 0, which stands for "none". */
export function hashIdentity(
  buffer: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
  idStart: number,
  idEnd: number,
): readonly [high: number, low: number] {
  let high = 0x811c9dc5
  let low = 0x9747b28c
  for (let i = sourceStart; i < sourceEnd; i++) {
    const byte = buffer[i]!
    high = Math.imul(high ^ byte, 0x01000193)
    low = Math.imul(low ^ byte, 0x5bd1e995)
    low ^= low >>> 15
  }
  high = Math.imul(high ^ 10, 0x01000193)
  low = Math.imul(low ^ 10, 0x5bd1e995)
  for (let i = idStart; i < idEnd; i++) {
    const byte = buffer[i]!
    high = Math.imul(high ^ byte, 0x01000193)
    low = Math.imul(low ^ byte, 0x5bd1e995)
    low ^= low >>> 15
  }
  high = mix(high)
  low = mix(low)
  return [high >>> 0, (low | 1) >>> 0]
}

/** murmur3's finaliser: spreads the last bytes over all bits. */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
