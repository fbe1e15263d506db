/**
 * How a record batch is stored: one LMDB value for each. All numbers are little-endian; f64 is an IEEE 754 double that
 * holds an integer, so that offsets and times up to 2^53 need no BigInt.
 *
 * ```
 * batch      = header records identities
 * header     = magic           u32   "HDLB" read as bytes
 *              version         u8    1
 *              flags           u8    0
 *              reserved        u16   0
 *              headerCrc       u32   CRC-32 (IEEE) of the header that follows and of the identities
 *              recordsCrc      u32   CRC-32 (IEEE) of the records
 *              baseOffset      f64   offset of the first record when the batch was appended; also in the key
 *              appendedAt      f64   ms since 1970: when it was appended, by the log's clock
 *              maxTimestamp    f64   newest timestamp of its records
 *              highTimestamp   f64   newest timestamp of this and all batches before it: never falls, so it can be searched
 *              count           u32   how many records follow
 *              lastDelta       u32   offset of the last record when it was appended, less baseOffset
 *              recordsLength   u32   bytes of the records
 *              identityLength  u32   bytes of the identities: 0, or 8 for each record
 * identities = identity*             hashes of (source, id); { 0, 0 } for a record without, or appended without dedupe
 * identity   = u32 u32
 * records    = record*
 * record     = offsetDelta     u32   offset less baseOffset; compaction leaves gaps
 *              timestamp       f64   ms since 1970
 *              keyLength       i32   -1 for null
 *              valueLength     i32   -1 for null
 *              headersLength   u32
 *              key value recordHeader*
 * recordHeader = nameLength u16  valueLength u32  name value
 * ```
 *
 * The two checksums are separate because an offset is known only in the write transaction, when the records, which are
 * most of the bytes, have long been summed. Identities stand at the end since their number is known last.
 *
 * @module
 */

export const batchVersion = 1
/** "HDLB" in memory order. */
export const batchMagic = 0x424c4448
export const headerBytes = 64
export const recordHeadBytes = 24
export const identityBytes = 8

/** Byte positions in a batch header. */
export const at = {
  magic: 0,
  version: 4,
  headerCrc: 8,
  recordsCrc: 12,
  baseOffset: 16,
  appendedAt: 24,
  maxTimestamp: 32,
  highTimestamp: 40,
  count: 48,
  lastDelta: 52,
  recordsLength: 56,
  identityLength: 60,
} as const
