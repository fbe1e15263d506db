import { HeddleError, errorMessage } from '@heddle/core'
import { KafkaError } from '../errors.ts'

/** What the disk said to a local copy, as one of ours. What a broker said stays what it is. */
export function copyError(error: unknown): unknown {
  if (error instanceof HeddleError || error instanceof KafkaError) return error
  const message = `local copy of a store: ${errorMessage(error)}`
  const full = /No space left|ENOSPC|quota exceeded|EDQUOT|File too large|EFBIG|MDB_MAP_FULL/i.test(message)
  return new HeddleError(full ? 'HEDDLE_LOG_DISK_FULL' : 'HEDDLE_LOG_IO', message, { cause: error })
}
