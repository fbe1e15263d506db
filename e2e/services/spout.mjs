// A spout in Storm's multilang protocol (JSON lines, each message followed by a line `end`) that emits nothing. It
// connects to the test that submitted it, says which Node runs it, and echoes what it is sent.

import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\nend\n`)

let text = ''
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'end') {
    text += line
    continue
  }
  const message = JSON.parse(text)
  text = ''
  if ('pidDir' in message) {
    writeFileSync(join(message.pidDir, String(process.pid)), '')
    const socket = connect({ host: '127.0.0.1', port: message.conf['test.port'] })
    socket.write(`${process.version}\n`)
    socket.pipe(socket)
    answer({ pid: process.pid })
  } else {
    answer({ command: 'sync' })
  }
}
process.exit()
