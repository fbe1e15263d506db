import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
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

beforeEach(async () => {
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
  // Nothing is left behind.
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('heddle-shell-'))).toEqual([])
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
const words = async (count: number): Promise<unknown[]> => (await when('out', count)).map(word).toSorted()

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
    expect((await when('t.dead-letters', 2)).toSorted()).toEqual(['crash', 'end'])
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
    await publish('a', 'garbage', 'huge', 'b')
    await engine.submit(shouting(guarantee, program('', { maxMessage: '100kb' })))
    expect(await words(2)).toEqual(['A', 'B'])
    expect((await when('t.dead-letters', 2)).toSorted()).toEqual(['garbage', 'huge'])
    expect(errors.join()).toContain('"Hello, I am a program!"')
    expect(errors.join()).toContain('more than 102400 bytes')
  })

  test('fails a tuple, or emits what does not fit its fields', async () => {
    await publish('fail', 'wrong', 'a')
    await engine.submit(shouting(guarantee))
    expect(await words(1)).toEqual(['A'])
    expect((await when('t.dead-letters', 2)).toSorted()).toEqual(['fail', 'wrong'])
    expect(errors.join()).toContain('emitted 3 values, and the stream has the fields word')
  })

  test('gathers tuples, and acknowledges them at its tick', async () => {
    await publish('a', 'b', 'c')
    await engine.submit(shouting(guarantee, program('gathers')))
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

test('one that does not start, or is not there, fails the submit', async () => {
  await publish('a')
  await expect(
    engine.submit(shouting('at-least-once', program('silent', { startTimeout: '500ms' }))),
  ).rejects.toThrow('did not answer the handshake')
  await expect(engine.submit(shouting('at-least-once', shell('no-such-program')))).rejects.toThrow('ENOENT')
  expect(await engine.list()).toEqual([])
})

test('a spout that is a program is asked, told, and started again when it ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-spout-'))
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
  rmSync(folder, { recursive: true })
})
