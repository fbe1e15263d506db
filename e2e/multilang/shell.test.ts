import { spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Engine,
  type Guarantee,
  type Log,
  type ShellOptions,
  event,
  fromRecord,
  fromTopic,
  shell,
  toRecord,
  toTopic,
  topology,
} from '@heddle/core'
import { localEngine } from '@heddle/engine/local'
import { openMemoryLog } from '@heddle/log/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const program = (mode = '', options: ShellOptions = {}) =>
  shell(process.execPath, [file('program.ts'), mode], options)

let log: Log
let engine: Engine
const said: string[] = []
const errors: string[] = []
const onShell = (message: unknown): void => void said.push((message as { message: string }).message)
const onError = (message: unknown): void => void errors.push((message as { error: Error }).error.message)

let folder: string
const { TMPDIR } = process.env

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-multilang-'))
  // Where programs write their process ids, apart from those of others.
  process.env['TMPDIR'] = folder
  log = await openMemoryLog()
  engine = localEngine({ log })
  subscribe('heddle:engine:shell', onShell)
  subscribe('heddle:engine:error', onError)
})
afterEach(async () => {
  await engine.close()
  await log.close()
  unsubscribe('heddle:engine:shell', onShell)
  unsubscribe('heddle:engine:error', onError)
  said.length = errors.length = 0
  if (TMPDIR === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = TMPDIR
  const left = readdirSync(folder).filter((name) => name.startsWith('heddle-shell-'))
  rmSync(folder, { recursive: true })
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
})

function shouting(guarantee: Guarantee, bolt = program()) {
  const t = topology.graph('t', { guarantee })
  const words = t.spout('words', fromTopic('in'), { fields: ['word'] })
  const shout = t.bolt('shout', bolt, { fields: ['word'] }).shuffle(words)
  t.bolt('out', toTopic('out')).shuffle(shout)
  return t
}
async function publish(...words: readonly string[]): Promise<void> {
  if (!(await log.describeTopic('in'))) await log.createTopic({ name: 'in', partitions: 1 })
  await log.append(
    'in',
    words.map((data) => toRecord(event({ type: 'test', data }))),
  )
}
async function dataOf(topic: string): Promise<unknown[]> {
  if (!(await log.describeTopic(topic))) return []
  const found: unknown[] = []
  for (const { partition, earliest } of await log.partitions(topic))
    for (let offset = earliest; ;) {
      const [part] = await log.read([{ topic, partition, offset }])
      if (!part) break
      for (const record of part.records) found.push(fromRecord(record, part).data)
      offset = part.nextOffset
    }
  return found
}
async function when(topic: string, count: number): Promise<unknown[]> {
  const giveUp = AbortSignal.timeout(60_000)
  while (!giveUp.aborted) {
    const data = await dataOf(topic)
    if (data.length >= count) return data
    await new Promise(setImmediate)
  }
  throw new Error(`${(await dataOf(topic)).length} of ${count} in '${topic}'; ${errors.join('; ')}`)
}
const word = (data: unknown): unknown => (data as { word: string }).word
const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en')
const deadLetters = async (count: number): Promise<string[]> =>
  (await when('t.dead-letters', count)).map(String).toSorted(inOrder)
const words = async (count: number): Promise<string[]> =>
  (await when('out', count)).map((data) => String(word(data))).toSorted(inOrder)

describe.each(['at-least-once', 'exactly-once'] as const)('a bolt that is a program, %s', (guarantee) => {
  test('gets tuples, and what it emits goes on; what it says is told', async () => {
    await publish('a', 'plain', 'c')
    await engine.submit(shouting(guarantee))
    expect(await words(3)).toEqual(['A', 'C', 'PLAIN'])
    expect(said).toContain('got a')
  })

  test('ends, and ends again on one event: that one is a dead letter, and no other is lost', async () => {
    await publish('a', 'crash', 'b', 'c', 'end', 'd')
    await engine.submit(shouting(guarantee))
    expect(await words(4)).toEqual(['A', 'B', 'C', 'D'])
    expect(await deadLetters(2)).toEqual(['crash', 'end'])
    expect(errors.join()).toContain('it ended with code 3')
  })

  test('hangs: it is killed, and the others go on', async () => {
    await publish('a', 'hang', 'b')
    await engine.submit(shouting(guarantee, program('', { heartbeatTimeout: '1s' })))
    expect(await words(2)).toEqual(['A', 'B'])
    expect(await when('t.dead-letters', 1)).toEqual(['hang'])
    expect(errors.join()).toContain('it was not heard of for')
  })

  test('writes something else to stdout, or too much: the error shows what', async () => {
    await publish('a', 'garbage', 'nonsense', 'huge', 'b')
    await engine.submit(shouting(guarantee, program('', { maxMessage: '100kb' })))
    expect(await words(2)).toEqual(['A', 'B'])
    expect(await deadLetters(3)).toEqual(['garbage', 'huge', 'nonsense'])
    expect(errors.join()).toContain('{"command":"dance"}')
    expect(errors.join()).toContain('"Hello, I am a program!"')
    expect(errors.join()).toContain('more than 102400 bytes')
  })

  test('fails a tuple, or emits what does not fit its fields', async () => {
    await publish('fail', 'wrong', 'loose-wrong', 'a', 'loose')
    await engine.submit(shouting(guarantee))
    expect(await words(2)).toEqual(['A', 'LOOSE'])
    expect(await deadLetters(3)).toEqual(['fail', 'loose-wrong', 'wrong'])
    expect(errors.join()).toContain('emitted 3 values, and the stream has the fields word')
  })

  test('gathers tuples, and acknowledges them at its tick', async () => {
    await publish('a', 'b', 'c')
    await engine.submit(shouting(guarantee, program('gathers', { tick: '100ms' })))
    expect(await words(3)).toEqual(['A', 'B', 'C'])
  })
})

test('a program that does not read holds up its spout, and fills no memory', async () => {
  const big = 'x'.repeat(10_000)
  await publish(...Array.from({ length: 2000 }, () => big))
  await engine.submit(shouting('at-least-once', program('deaf', { heartbeatTimeout: '10m' })))
  const { pending } = await engine.metrics('t')
  expect(pending).toBeLessThanOrEqual(5000)
  await engine.kill('t', { waitMs: 0 })
})

test('what JSON cannot have fails its tuple, and no other', async () => {
  await publish('a', 'big', 'b')
  const t = topology.graph('t')
  const read = t.spout('words', fromTopic('in'), { fields: ['word'] })
  const odd = t
    .bolt('odd', ({ values }, out) => out.emit({ word: values['word'] === 'big' ? 1n : values['word'] }), {
      fields: ['word'],
    })
    .shuffle(read)
  const shout = t.bolt('shout', program(), { fields: ['word'] }).shuffle(odd)
  t.bolt('out', toTopic('out')).shuffle(shout)
  await engine.submit(t)
  expect(await words(2)).toEqual(['A', 'B'])
  expect(await when('t.dead-letters', 1)).toEqual(['big'])
})

test('a stop does not wait for a program that is starting again', async () => {
  const mark = join(folder, 'mark')
  await publish('crash')
  await engine.submit(shouting('at-least-once', shell(process.execPath, [file('program.ts'), '', mark])))
  const giveUp = AbortSignal.timeout(20_000)
  while (!existsSync(`${mark}-again`) && !giveUp.aborted) await new Promise(setImmediate)
  expect(existsSync(`${mark}-again`)).toBe(true)
  await engine.kill('t', { waitMs: 0 })
  expect(await engine.list()).toEqual([])
}, 30_000)

const gone = async (pid: number): Promise<void> => {
  const giveUp = AbortSignal.timeout(20_000)
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    if (giveUp.aborted) throw new Error(`${pid} still lives`)
    await new Promise(setImmediate)
  }
}

test('what a program has started ends with it', async () => {
  await publish('pids')
  await engine.submit(shouting('at-least-once'))
  const [[program = 0, started = 0] = []] = (await words(1)).map((each) => each.split(' ').map(Number))
  expect(() => process.kill(started, 0)).not.toThrow()
  await engine.kill('t', { waitMs: 0 })
  await gone(program)
  await gone(started)
})

test('a host that is killed leaves no program behind', async () => {
  const tmp = mkdtempSync(join(folder, 'host-'))
  const host = spawn(
    process.execPath,
    ['--conditions=@heddle/source', file('host.ts'), file('program.ts'), 'pid'],
    // Its own folder: nobody cleans up behind one that is killed.
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: tmp } },
  )
  const [pid] = await new Promise<number[]>((resolve, reject) => {
    host.stdout.once('data', (line: Buffer) => resolve(String(line).split(' ').map(Number)))
    host.once('exit', (code) => reject(new Error(`the host ended with ${code}`)))
  })
  host.removeAllListeners('exit')
  host.kill('SIGKILL')
  await expect(gone(pid!)).resolves.toBeUndefined()
})

test('one that fails the submit takes the others with it', async () => {
  await publish('a')
  const t = topology.graph('t')
  const read = t.spout('words', fromTopic('in'), { fields: ['word'] })
  const first = t.bolt('first', shell('no-such-program'), { fields: ['word'] }).shuffle(read)
  const shout = t.bolt('shout', program(), { fields: ['word'] }).shuffle(first)
  t.bolt('out', toTopic('out')).shuffle(shout)
  await expect(engine.submit(t)).rejects.toThrow('ENOENT')
})

test('one that does not start, or is not there, fails the submit', async () => {
  await publish('a')
  await expect(
    engine.submit(shouting('at-least-once', program('silent', { startTimeout: '500ms' }))),
  ).rejects.toThrow('did not answer the handshake')
  await expect(engine.submit(shouting('at-least-once', program('rash')))).rejects.toThrow('"and garbage"')
  await expect(engine.submit(shouting('at-least-once', shell('no-such-program')))).rejects.toThrow('ENOENT')
  expect(await engine.list()).toEqual([])
})

test('a spout that is a program is asked, told, and started again when it ends', async () => {
  const t = topology.graph('t')
  const numbers = t.spout(
    'numbers',
    shell(process.execPath, [file('spout.ts'), '100', join(folder, 'mark')]),
    { fields: ['n'] },
  )
  let failed = false
  const once = t
    .bolt(
      'once',
      (tuple, out) => {
        if (tuple.values['n'] === 7 && !failed) {
          failed = true
          throw new Error('once')
        }
        out.emit({ n: tuple.values['n'] })
      },
      { fields: ['n'] },
    )
    .shuffle(numbers)
  t.bolt('out', toTopic('out')).shuffle(once)
  await engine.submit(t)
  await when('out', 150)
  const seen = new Set((await dataOf('out')).map((data) => (data as { n: number }).n))
  expect(seen.size).toBe(100)
})
