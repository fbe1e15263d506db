/**
 * Keys of the one LMDB tree. They sort by kind first, then as written here; numbers are big-endian, so that they sort too.
 *
 * ```
 * meta       = 0x00 name            → JSON
 * tail       = 0x01                 → f64 commits, f64 bytes of batches, f64 version of the topics
 * topic      = 0x02 name            → JSON
 * head       = 0x03 topicId partition            → see partition-head.ts
 * batch      = 0x04 topicId partition baseOffset → see batch/format.ts
 * group      = 0x05 name            → JSON, see group/
 * offset     = 0x06 name 0x00 topicId partition  → JSON
 * transactor = 0x07 name            → JSON
 * store      = 0x08 name            → JSON
 * state      = 0x09 storeId key     → bytes
 * trash      = 0x0a topicId         → empty: a deleted topic whose batches are still to be removed
 *
 * name, key  = UTF-8
 * topicId, partition, storeId = u32
 * baseOffset = u64
 * ```
 *
 * @module
 */
const kind = {
  meta: 0,
  tail: 1,
  topic: 2,
  head: 3,
  batch: 4,
  group: 5,
  offset: 6,
  transactor: 7,
  store: 8,
  state: 9,
  trash: 10,
} as const

type Named = 'meta' | 'topic' | 'group' | 'transactor' | 'store'

/** LMDB's limit is 1978 bytes; names and keys get what is left after the rest of a key. */
export const maxNameBytes = 1900

export function nameKey(of: Named, name: string): Buffer {
  const length = Buffer.byteLength(name)
  const key = Buffer.allocUnsafe(1 + length)
  key[0] = kind[of]
  key.write(name, 1)
  return key
}

export const nameOf = (key: Buffer): string => key.toString('utf8', 1)

/** All keys of a kind: from `start` on, before `end`. */
export function allOf(of: keyof typeof kind): { start: Buffer; end: Buffer } {
  return { start: Buffer.of(kind[of]), end: Buffer.of(kind[of] + 1) }
}

export const tailKey: Buffer = Buffer.of(kind.tail)

export function headKey(topicId: number, partition: number): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = kind.head
  key.writeUInt32BE(topicId, 1)
  key.writeUInt32BE(partition, 5)
  return key
}

export function batchKey(topicId: number, partition: number, baseOffset: number): Buffer {
  const key = Buffer.allocUnsafe(17)
  key[0] = kind.batch
  key.writeUInt32BE(topicId, 1)
  key.writeUInt32BE(partition, 5)
  key.writeUInt32BE(Math.floor(baseOffset / 2 ** 32), 9)
  key.writeUInt32BE(baseOffset % 2 ** 32, 13)
  return key
}

export const baseOffsetOf = (key: Buffer): number => key.readUInt32BE(9) * 2 ** 32 + key.readUInt32BE(13)

/** Offsets of a group on one partition. */
export function offsetKey(group: string, topicId: number, partition: number): Buffer {
  const prefix = offsetPrefix(group)
  const key = Buffer.allocUnsafe(prefix.length + 8)
  prefix.copy(key)
  key.writeUInt32BE(topicId, prefix.length)
  key.writeUInt32BE(partition, prefix.length + 4)
  return key
}

/** What the offset keys of a group begin with. */
export function offsetPrefix(group: string): Buffer {
  return Buffer.concat([Buffer.of(kind.offset), Buffer.from(group), Buffer.of(0)])
}

export function parseOffsetKey(key: Buffer): { group: string; topicId: number; partition: number } {
  return {
    group: key.toString('utf8', 1, key.length - 9),
    topicId: key.readUInt32BE(key.length - 8),
    partition: key.readUInt32BE(key.length - 4),
  }
}

export function stateKey(storeId: number, key: string): Buffer {
  const length = Buffer.byteLength(key)
  const made = Buffer.allocUnsafe(5 + length)
  made[0] = kind.state
  made.writeUInt32BE(storeId, 1)
  made.write(key, 5)
  return made
}

export const stateKeyOf = (key: Buffer): string => key.toString('utf8', 5)

export function trashKey(topicId: number): Buffer {
  const key = Buffer.allocUnsafe(5)
  key[0] = kind.trash
  key.writeUInt32BE(topicId, 1)
  return key
}

export const trashTopicOf = (key: Buffer): number => key.readUInt32BE(1)

/** The first key after all that begin with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(8, 0xff)])
}
