// Writes a line for each tuple into the file that its configuration names.
import { appendFileSync } from 'node:fs'
import { run, send } from './multilang.mjs'

run((conf) => ({ id, tuple }) => {
  appendFileSync(conf['write.file'], `${JSON.stringify(tuple)}\n`)
  send({ command: 'ack', id })
})
