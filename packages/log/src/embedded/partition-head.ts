/**
 * What is known of a partition besides its batches; written with every append to it.
 *
 * ```
 * head = next earliest bytes highTimestamp cleanedTo cleanBytes, each f64 little-endian
 * ```
 *
 * @module
 */
export interface PartitionHead {
  /** Offset of the next record. */
  readonly next: number
  /** First offset that is kept; equal to `next` when there is none. */
  readonly earliest: number
  /** Bytes of its batches. */
  readonly bytes: number
  /** Newest timestamp that it ever held. */
  readonly highTimestamp: number
  /** Up to here compaction has been. */
  readonly cleanedTo: number
  /** What the compacted part took, in bytes. */
  readonly cleanBytes: number
}

const emptyHead: PartitionHead = {
  next: 0,
  earliest: 0,
  bytes: 0,
  highTimestamp: Number.NEGATIVE_INFINITY,
  cleanedTo: 0,
  cleanBytes: 0,
}

export function encodeHead(head: PartitionHead): Buffer {
  const bytes = Buffer.allocUnsafe(48)
  bytes.writeDoubleLE(head.next, 0)
  bytes.writeDoubleLE(head.earliest, 8)
  bytes.writeDoubleLE(head.bytes, 16)
  bytes.writeDoubleLE(head.highTimestamp, 24)
  bytes.writeDoubleLE(head.cleanedTo, 32)
  bytes.writeDoubleLE(head.cleanBytes, 40)
  return bytes
}

export function decodeHead(bytes: Buffer | undefined): PartitionHead {
  if (bytes === undefined) return emptyHead
  return {
    next: bytes.readDoubleLE(0),
    earliest: bytes.readDoubleLE(8),
    bytes: bytes.readDoubleLE(16),
    highTimestamp: bytes.readDoubleLE(24),
    cleanedTo: bytes.readDoubleLE(32),
    cleanBytes: bytes.readDoubleLE(40),
  }
}
