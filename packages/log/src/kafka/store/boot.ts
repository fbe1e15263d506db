import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'

let known: string | undefined

/** Names this boot of this machine. Where the system does not number its boots it is the minute of the last one. */
export function bootOf(): string {
  known ??= `${hostname()} ${idOfBoot()}`
  return known
}

function idOfBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return String(Math.round((Date.now() / 1000 - uptime()) / 60))
  }
}
