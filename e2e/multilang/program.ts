/**
 * A bolt that speaks the multilang protocol, and does what its tuples say: for the tests of programs that go wrong. Kept apart
 * from our own code, so that both sides do not make the same mistake.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

interface Message {
  readonly id: string
  readonly stream: string
  readonly tuple: readonly unknown[]
  readonly pidDir?: string
}

const send = (message: unknown): void => {
  writeSync(1, `${JSON.stringify(message)}\nend\n`)
}

const mode = process.argv[2]
/** In its second life it is there, and says nothing. */
const mark = process.argv[3]
if (mark !== undefined && existsSync(mark)) {
  writeFileSync(`${mark}-again`, '')
  setInterval(() => {}, 1000)
} else if (mode === 'silent') setInterval(() => {}, 1000)
else if (mode === 'rash') {
  writeSync(1, `{"pid":${process.pid}}\nend\nand garbage\nend\n`)
  setInterval(() => {}, 1000)
} else if (mode === 'deaf') {
  // Answers the handshake, and then reads no more.
  process.stdin.once('data', (chunk: Buffer) => {
    process.stdin.pause()
    greet(JSON.parse(chunk.toString().split('\nend\n')[0]!) as Message)
  })
  setInterval(() => {}, 1000)
} else {
  let text = ''
  process.stdin.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    for (let at = text.indexOf('\nend\n'); at >= 0; at = text.indexOf('\nend\n')) {
      const message = JSON.parse(text.slice(0, at)) as Message
      text = text.slice(at + 5)
      take(message)
    }
  })
  process.stdin.on('end', () => process.exit(0))
}

function greet({ pidDir }: Message): void {
  closeSync(openSync(join(pidDir!, String(process.pid)), 'w'))
  send({ pid: process.pid })
}

let gathered: Message[] = []

function take(message: Message): void {
  if (message.pidDir !== undefined) return greet(message)
  // The answer to an emission: which tasks got it.
  if (Array.isArray(message)) return
  const { id, stream, tuple } = message
  if (stream === '__heartbeat') return send({ command: 'sync' })
  if (stream === '__tick') return flush()
  const [word] = tuple as [string]
  if (word === 'crash') {
    if (mark !== undefined) writeFileSync(mark, '')
    process.exit(3)
  }
  if (word === 'end') process.exit(0)
  if (word === 'hang') for (;;);
  if (word === 'garbage') return void writeSync(1, 'Hello, I am a program!\nend\n')
  if (word === 'huge') return void writeSync(1, 'x'.repeat(200_000))
  if (word === 'wrong') {
    send({ command: 'emit', anchors: [id], tuple: [1, 2, 3] })
    return send({ command: 'ack', id })
  }
  if (word === 'nonsense') return send({ command: 'dance' })
  if (word === 'loose' || word === 'loose-wrong') {
    send({ command: 'emit', anchors: null, stream: null, tuple: word === 'loose' ? ['LOOSE'] : [1, 2, 3] })
    return send({ command: 'ack', id })
  }
  if (word === 'pid') {
    send({ command: 'emit', anchors: [id], tuple: [String(process.pid)] })
    return send({ command: 'ack', id })
  }
  if (word === 'pids') {
    // What it starts outlives it, unless that is seen to.
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
    send({ command: 'emit', anchors: [id], tuple: [`${process.pid} ${child.pid}`] })
    return send({ command: 'ack', id })
  }
  if (word === 'fail') return send({ command: 'fail', id })
  if (mode === 'gathers') return void gathered.push(message)
  send({ command: 'log', msg: `got ${word}`, level: 2 })
  send({ command: 'emit', anchors: [id], tuple: [word.toUpperCase()], need_task_ids: word !== 'plain' })
  send({ command: 'ack', id })
}

/** As batching bolts do: all at the tick. */
function flush(): void {
  for (const { id, tuple } of gathered) {
    send({ command: 'emit', anchors: [id], tuple: [String(tuple[0]).toUpperCase()], need_task_ids: false })
    send({ command: 'ack', id })
  }
  gathered = []
}
