import { HeddleError, errorMessage } from '@heddle/core'
import { whyNoRoom } from '../../disk/why-no-room.ts'
import { KafkaError } from '../errors.ts'
import { dataOf } from './local-copy.ts'

/** How much room is looked for where the disk only said that it failed, in bytes: more than one transaction takes as a rule. */
const probeBytes = 2 ** 20

/** What the disk said to a local copy, as one of ours. What a broker said stays what it is. */
export function copyError(error: unknown, path: string): unknown {
  if (error instanceof HeddleError || error instanceof KafkaError) return error
  const cause = /Input\/output error|EIO/.test(errorMessage(error))
    ? (whyNoRoom(dataOf(path), probeBytes) ?? error)
    : error
  const message = `local copy of a store, ${path}: ${errorMessage(cause)}`
  const full = /No space left|ENOSPC|quota exceeded|EDQUOT|File too large|EFBIG|MDB_MAP_FULL/i.test(message)
  return new HeddleError(full ? 'HEDDLE_LOG_DISK_FULL' : 'HEDDLE_LOG_IO', message, { cause })
}
