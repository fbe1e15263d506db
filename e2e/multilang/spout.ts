/** A spout that speaks the multilang protocol: counts to `argv[2]`, and again what failed; ends itself half-way, once. */
import { existsSync, writeFileSync, writeSync } from 'node:fs'

const send = (message: unknown): void => {
  writeSync(1, `${JSON.stringify(message)}\nend\n`)
}
const count = Number(process.argv[2])
const mark = process.argv[3]!
let next = 0
const again: number[] = []
let text = ''
process.stdin.on('data', (chunk: Buffer) => {
  text += chunk.toString()
  for (let at = text.indexOf('\nend\n'); at >= 0; at = text.indexOf('\nend\n')) {
    const message = JSON.parse(text.slice(0, at)) as { command?: string; id?: number; pidDir?: string }
    text = text.slice(at + 5)
    if (message.pidDir !== undefined) send({ pid: process.pid })
    else if (message.command === 'fail') {
      again.push(message.id!)
      send({ command: 'sync' })
    } else if (message.command === 'ack' || message.command === 'activate') send({ command: 'sync' })
    else if (message.command === 'next') {
      const n = again.shift() ?? (next < count ? next++ : undefined)
      if (n === count / 2 && !existsSync(mark)) {
        writeFileSync(mark, '')
        process.exit(1)
      }
      if (n !== undefined) send({ command: 'emit', id: n, tuple: [n], need_task_ids: false })
      send({ command: 'sync' })
    }
  }
})
process.stdin.on('end', () => process.exit(0))
