// `npx node --conditions=@heddle/source e2e/stomp/fuzz.ts [minutes] [seed]`: a coverage-guided fuzzer of what the STOMP door reads from
// strangers. An input that reaches a block of code which none before did is kept, and mutated further. Prints
// what it finds, with the input in base64, and ends with 1. The corpus begins with the frames below, and is not kept.
import { Session } from 'node:inspector'
import { isHeddleError } from '@heddle/core'
import { parseDestinations } from '../../packages/gateway/src/stomp/destination/destination.ts'
import { decodeName, encodeName } from '../../packages/gateway/src/stomp/destination/log-names.ts'
import { FrameDecoder } from '../../packages/gateway/src/stomp/frame/decoder.ts'
import { encodeFrame } from '../../packages/gateway/src/stomp/frame/encode.ts'
import { type Frame, type Version, versions } from '../../packages/gateway/src/stomp/frame/frame.ts'
import { withForm } from '../../packages/gateway/src/stomp/message/map-message.ts'
import { messageOf } from '../../packages/gateway/src/stomp/message/message.ts'
import { recordOf } from '../../packages/gateway/src/stomp/message/record.ts'
import { compileSelector } from '../../packages/gateway/src/stomp/selector/selector.ts'

const seeds = [
  'CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:10,10\nlogin:a\npasscode:b\n\n\0',
  'SEND\r\ndestination:/queue/a\r\ncontent-length:3\r\n\r\na\0b\0\n\n',
  'SEND\ndestination:/topic/VirtualTopic.x,/queue/Consumer.A.VirtualTopic.x\nx\\cy:\\n\\\\\\r\npriority:7\nexpires:12345\ntimestamp:1\n\nbody\0',
  "SUBSCRIBE\nid:1\ndestination:/queue/a.*.>\nselector:a BETWEEN 1 AND 2.5e3 AND NOT (b LIKE 'x!_%' ESCAPE '!' OR c IN ('y', 'z')) OR -d + 2 * 3 >= 0x1F AND e IS NOT NULL\n\n\0",
  'SEND\ndestination:/queue/m\ntransformation:jms-map-json\n\n{"map":{"entry":[{"string":["a","b"]},{"string":"c","int":7}]}}\0',
  'SEND\ndestination:/queue/m\ntransformation:jms-map-xml\n\n<map><entry><string>a&amp;&#x41;</string><long>7</long></entry></map>\0',
  'SEND\ndestination:/queue/j\ncontent-type:application/json\nce-type:x\nce-time:2020-01-01T00:00:00Z\nJMSXGroupID:g\n\n{"a":[1,"é"]}\0',
]
const pieces = [
  '\0',
  '\n',
  '\n\n',
  '\r\n',
  ':',
  '\\',
  '\\c',
  'content-length:',
  '0',
  '-1',
  '999999999999',
  'é',
  '�',
  '/queue/',
  '>',
  '*',
  ',',
  "'",
  '(',
  ')',
  ' AND ',
  ' OR ',
  ' NOT ',
  ' LIKE ',
  ' IN ',
  ' BETWEEN ',
  ' IS NULL',
  '1e9',
  '.',
  '_5F',
  '<entry>',
  '&#x10ffff;',
  '{"string":',
  'ce-',
  'selector:',
  'SEND\n',
]

/** What it may say no with. Anything else is a finding. */
function refused(error: unknown): string {
  if (isHeddleError(error)) return error.code
  throw error
}

/** All frames of a stream that is cut into chunks, and how it ended. */
function decode(chunks: readonly Buffer[], version: Version): { frames: Frame[]; ended: string } {
  const decoder = new FrameDecoder({ maxHeadBytes: 2_000, maxHeaders: 20, maxFrameBodyBytes: 2_000 })
  decoder.version = version
  const frames: Frame[] = []
  try {
    for (const chunk of chunks) {
      decoder.push(chunk)
      for (let frame = decoder.next(); frame; frame = decoder.next()) frames.push(frame)
      // Held bytes are bounded, whatever comes.
      if (decoder.pending > 10_000) throw new Error(`${decoder.pending} bytes are held`)
    }
    return { frames, ended: decoder.between ? 'between frames' : 'in a frame' }
  } catch (error) {
    return { frames, ended: refused(error) }
  }
}

const plain = ({ frames, ended }: ReturnType<typeof decode>): string =>
  JSON.stringify([frames.map(({ command, headers, body }) => [command, [...headers], [...body]]), ended])

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

function attempt(run: () => void): void {
  try {
    run()
  } catch (error) {
    refused(error)
  }
}

/** Reads it in all ways that a stranger can have it read. */
function run(input: Buffer, random: () => number): void {
  const version = versions[Math.floor(random() * versions.length)]!
  const whole = decode([input], version)
  const at = Math.floor(random() * (input.length + 1))
  must(
    plain(decode([input.subarray(0, at), input.subarray(at)], version)) === plain(whole),
    'a cut changes what is read',
  )
  if (input.length < 200)
    must(
      plain(
        decode(
          Array.from(input, (byte) => Buffer.of(byte)),
          version,
        ),
      ) === plain(whole),
      'bytes one by one change what is read',
    )
  for (const frame of whole.frames) {
    const sized = {
      ...frame,
      headers: new Map(frame.headers).set('content-length', String(frame.body.length)),
    }
    const bytes = encodeFrame(sized, '1.2')
    if (
      frame.command !== 'CONNECT' &&
      frame.command !== 'CONNECTED' &&
      frame.command !== 'STOMP' &&
      bytes.length < 2_000
    ) {
      const [again] = decode([bytes], '1.2').frames
      const kept = [...sized.headers].filter(([name, value]) => !/\0/.test(name + value))
      if (kept.length === sized.headers.size)
        must(
          JSON.stringify([...again!.headers]) === JSON.stringify([...sized.headers]),
          'headers change when they are written',
        )
    }
    for (const text of frame.headers.values()) {
      attempt(() => {
        for (const { name } of parseDestinations(text))
          must(decodeName(encodeName(name)) === name.toWellFormed(), 'a name changes')
      })
      attempt(() => {
        const value = compileSelector(text)((name) => frame.headers.get(name) ?? null)
        must(typeof value === 'boolean', 'a selector is neither true nor false')
      })
    }
    attempt(() => {
      const place = { topic: 'queue.a', partition: 0, offset: 0, timestamp: 0, redelivered: false }
      const message = messageOf(recordOf(frame, undefined), place)
      must(Buffer.compare(message.body, frame.body) === 0, 'a body changes')
      const form = withForm(message, 'jms-map-xml')
      if (form !== message)
        must(
          withForm(withForm(form, 'jms-map-json'), 'jms-map-xml').body.length === form.body.length,
          'a map changes',
        )
    })
  }
}

function mutated(corpus: readonly Buffer[], random: () => number): Buffer {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  let input = Buffer.from(pick(corpus))
  for (let times = 1 + Math.floor(random() * 4); times > 0; times--) {
    const at = Math.floor(random() * (input.length + 1))
    const to = Math.min(input.length, at + Math.floor(random() ** 2 * 40))
    const other = pick(corpus)
    const from = Math.floor(random() * other.length)
    const insert = pick<() => Uint8Array>([
      () => Buffer.from(pick(pieces)),
      () => Buffer.of(Math.floor(random() * 256)),
      () => other.subarray(from, from + Math.floor(random() * 60)),
      () => input.subarray(at, to),
      () => Buffer.alloc(0),
    ])()
    input = Buffer.concat([input.subarray(0, at), insert, input.subarray(random() < 0.5 ? at : to)]).subarray(
      0,
      4_000,
    )
  }
  return input
}

/** The same numbers for the same seed: mulberry32. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Inputs of one round. */
const atOnce = 50

const minutes = Number(process.argv[2] ?? 10)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const random = generator(seed)
const inspector = new Session()
inspector.connect()
inspector.post('Profiler.enable')
inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** Blocks of code that ran since it was called last. */
function reached(): string[] {
  const blocks: string[] = []
  inspector.post('Profiler.takePreciseCoverage', (_, { result }) => {
    for (const { functions, url } of result)
      if (url.includes('/gateway/src/'))
        for (const { ranges } of functions)
          for (const { count, endOffset, startOffset } of ranges)
            if (count > 0) blocks.push(`${url.slice(-24)}:${startOffset}:${endOffset}`)
  })
  return blocks
}

const seen = new Set<string>()
const corpus: Buffer[] = []
let runs = 0
let slowest = 0

function tried(input: Buffer): void {
  const began = performance.now()
  try {
    run(input, random)
    slowest = Math.max(slowest, performance.now() - began)
    runs++
  } catch (error) {
    console.log(`seed ${seed}, input ${input.toString('base64')}`)
    console.log(error)
    process.exit(1)
  }
}

const isNew = (block: string): boolean => !seen.has(block)

/** Those of them that reach something new are kept. Asking is dear, so that it is asked for each only when all together do. */
function explore(inputs: readonly Buffer[]): void {
  for (const input of inputs) tried(input)
  if (!reached().some(isNew)) return
  for (const input of inputs) {
    tried(input)
    const fresh = reached().filter(isNew)
    for (const block of fresh) seen.add(block)
    if (fresh.length > 0) corpus.push(input)
  }
}

explore(seeds.map((text) => Buffer.from(text)))
const until = Date.now() + minutes * 60_000
for (let told = 0; Date.now() < until;) {
  explore(Array.from({ length: atOnce }, () => mutated(corpus, random)))
  if (runs - told < 20_000) continue
  told = runs
  console.log(
    `${runs} runs, ${corpus.length} inputs kept, ${seen.size} blocks, slowest run ${slowest.toFixed(0)} ms`,
  )
}
console.log(`nothing found in ${runs} runs; ${corpus.length} inputs reach ${seen.size} blocks; seed ${seed}`)
