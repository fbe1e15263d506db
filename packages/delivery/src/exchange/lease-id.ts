/**
 * The id of a lease tells which process gave it, so that any other one can send a settlement there.
 *
 * ```
 * lease   = process '.' part '-' number
 * process = 8 hexadecimal digits, random for each life of a process
 * part    = which of its dispatchers, in base 36
 * number  = counted by that one, in base 36
 * ```
 *
 * @module
 */

const pattern = /^([0-9a-f]{8})\.[0-9a-z]+-[0-9a-z]+$/

/** A name for a life of this process. */
export const newProcessId = (): string => crypto.randomUUID().slice(0, 8)

/** Which process gave it; `undefined` for what is no lease. */
export const processOf = (lease: string): string | undefined => pattern.exec(lease)?.[1]
