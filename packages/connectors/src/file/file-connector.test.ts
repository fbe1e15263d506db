import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Event, ManualClock, type Sink, event, isHeddleError, parseStructured } from '@heddle/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileConnector } from './file-connector.ts'
import { type FileSinkOptions, file } from './file.ts'

let folder: string
let path: string
const opened: Sink[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-file-'))
  path = join(folder, 'a', 'b', 'out.jsonl')
})

afterEach(async () => {
  for (const sink of opened.splice(0)) await sink.close()
  rmSync(folder, { recursive: true })
})

async function open(checkpoint?: string, options?: FileSinkOptions, to = path): Promise<Sink> {
  const sink = await fileConnector.openSink(file(to, options).config, {
    topology: 'orders',
    component: 'file',
    clock: new ManualClock(),
    checkpoint,
    signal: new AbortController().signal,
  })
  opened.push(sink)
  return sink
}

async function close(sink: Sink): Promise<void> {
  opened.splice(opened.indexOf(sink), 1)
  await sink.close()
}

const some = (from: number, to: number): Event[] =>
  Array.from({ length: to - from }, (_, n) =>
    event({ id: String(from + n), source: '/shop', type: 'order', data: { n: from + n, text: 'ä\n' } }),
  )
const lines = (): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1)
const ids = (): number[] => lines().map((line) => Number(parseStructured(JSON.parse(line)).id))

test('makes the folder and writes events as lines', async () => {
  const events = some(0, 3)
  const sink = await open()
  await sink.write(events)
  expect(lines().map((line) => parseStructured(JSON.parse(line)))).toEqual(events)
})

test('only the data, when asked', async () => {
  const sink = await open(undefined, { format: 'data' })
  await sink.write([...some(0, 1), event({ type: 'empty' })])
  expect(lines()).toEqual(['{"n":0,"text":"ä\\n"}', 'null'])
})

test('the checkpoint is the length on disk, and opening with it cuts the rest away', async () => {
  const sink = await open()
  const checkpoint = await sink.write(some(0, 5))
  expect(Number(checkpoint)).toBe(readFileSync(path).byteLength)
  await sink.write(some(5, 9))
  await close(sink)
  appendFileSync(path, '{"half a li')

  await (await open(checkpoint)).write(some(5, 7))
  expect(ids()).toEqual([0, 1, 2, 3, 4, 5, 6])
})

test('opening tells a checkpoint too, so that the first write can be undone', async () => {
  const first = await open()
  await close(first)
  writeFileSync(path, '{"specversion":"1.0","id":"0","source":"/","type":"t"}\n')
  const sink = await open()
  await sink.write(some(1, 3))
  await close(sink)
  await open(sink.checkpoint)
  expect(ids()).toEqual([0])
})

test('a file that somebody made shorter is continued', async () => {
  const sink = await open()
  const checkpoint = await sink.write(some(0, 5))
  await close(sink)
  writeFileSync(path, '')
  await (await open(checkpoint)).write(some(5, 6))
  expect(ids()).toEqual([5])
})

test('two outputs on one file are refused', async () => {
  await open()
  const error: unknown = await open().catch((thrown: unknown) => thrown)
  expect(isHeddleError(error, 'HEDDLE_CONFIG_INVALID')).toBe(true)
})

test('a path that cannot be written says so, and can be tried again', async () => {
  await open()
  const below = join(path, 'x.jsonl')
  for (let n = 0; n < 2; n++) {
    const error: unknown = await open(undefined, {}, below).catch((thrown: unknown) => thrown)
    expect(isHeddleError(error, 'HEDDLE_SINK_UNAVAILABLE') && error.message).toContain(below)
  }
})

test.each([
  ['path', { path: '' }],
  ['format', { format: 'csv' }],
  ['batch', { batch: 0.5 }],
])('a wrong %s is named', async (setting, change) => {
  const error: unknown = await fileConnector
    .openSink(
      { ...file(path).config, ...change },
      {
        topology: 't',
        component: 'c',
        clock: new ManualClock(),
        checkpoint: undefined,
        signal: new AbortController().signal,
      },
    )
    .catch((thrown: unknown) => thrown)
  expect(isHeddleError(error, 'HEDDLE_CONFIG_INVALID') && error.info['setting']).toBe(setting)
})
