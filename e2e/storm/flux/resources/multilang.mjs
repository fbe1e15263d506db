// Storm's multilang protocol, as far as the programs of a test need it.
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

export const send = (message) => writeSync(1, `${JSON.stringify(message)}\nend\n`)

/** @param begin Gets the configuration, and gives what takes each message. */
export function run(begin) {
  let take
  let text = ''
  process.stdin.setEncoding('utf8').on('data', (chunk) => {
    const parts = (text + chunk).split('\nend\n')
    text = parts.pop()
    for (const message of parts.map((part) => JSON.parse(part))) {
      if (message.pidDir === undefined) {
        if (message.stream === '__heartbeat') send({ command: 'sync' })
        else take(message)
        continue
      }
      closeSync(openSync(join(message.pidDir, String(process.pid)), 'w'))
      take = begin(message.conf)
      send({ pid: process.pid })
    }
  })
  process.stdin.on('end', () => process.exit(0))
}
