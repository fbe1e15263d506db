import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Carried, carriedRecord, carriedTuple } from '../../packages/engine/src/stages/carried.ts'
import { decodeBatch, encodeBatch } from '../../packages/engine/src/storm/runtime/batch.ts'
import { placeOf } from '../../packages/engine/src/storm/runtime/destination.ts'
import { talk } from './talk.topology.ts'

const script = fileURLToPath(new URL('component-process.ts', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-component-'))
  mkdirSync(join(folder, 'pids'))
})
afterEach(() => rmSync(folder, { recursive: true }))

type Message = Readonly<Record<string, unknown>>

/** Storm's side of the pipe. */
class StormSide implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #received: Message[] = []
  #wake = Promise.withResolvers<void>()

  constructor(component: string, task: number, settings: object = {}) {
    this.child = spawn(process.execPath, ['--conditions=@heddle/source', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let text = ''
    this.child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const parts = text.split('\nend\n')
      text = parts.pop()!
      for (const part of parts) this.#received.push(JSON.parse(part) as Message)
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    })
    this.child.stdin!.on('error', () => {})
    const all = {
      maxBatch: 100,
      maxBatchBytes: 10_000,
      hangTimeoutMs: 60_000,
      maxUnderWay: 8,
      lingerMs: 10,
      errorIntervalMs: 0,
      ...settings,
    }
    this.send({
      pidDir: join(folder, 'pids'),
      conf: {
        'heddle.plan': JSON.stringify(talk.plan),
        'heddle.log': '{}',
        'heddle.settings': JSON.stringify(all),
        'heddle.transactional': '[]',
      },
      context: {
        componentid: component,
        taskid: task,
        'task->component': {
          1: 'after',
          2: 'after',
          3: 'orders',
          4: 'work',
          5: 'counter',
          6: 'end',
          7: '__acker',
        },
      },
    })
  }

  send(message: unknown): void {
    this.child.stdin!.write(`${JSON.stringify(message)}\nend\n`)
  }

  /** A batch for the bolt. */
  order(id: string, ...orders: readonly string[]): void {
    const records = orders.map((order) => carriedRecord({ ...carried, values: { order } }, 0))
    this.send({
      id,
      comp: 'orders',
      stream: 'to-work',
      task: 3,
      tuple: [placeOf(0, 1), encodeBatch(records)],
    })
  }

  heartbeat(): void {
    this.send({ id: '-1', comp: '__system', stream: '__heartbeat', task: -1, tuple: [] })
  }

  /** Takes the next message that is wanted, past others. */
  async next(wanted: (message: Message) => boolean = () => true): Promise<Message> {
    for (;;) {
      const at = this.#received.findIndex(wanted)
      if (at >= 0) return this.#received.splice(at, 1)[0]!
      await this.#wake.promise
    }
  }

  command(command: string): Promise<Message> {
    return this.next((message) => message['command'] === command)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return
    this.child.stdin!.end()
    await once(this.child, 'exit')
  }
}

const carried: Carried = {
  component: 'orders',
  stream: 'default',
  task: 3,
  origin: 'orders:0:0',
  time: 0,
  traceparent: '00-1-2-01',
  partitionkey: undefined,
  input: { topic: 'orders', partition: 0, offset: 0 },
  namedTask: undefined,
  below: {},
  values: {},
}

/** What is in an emitted batch. */
const valuesOf = ({ tuple }: Message): unknown[] =>
  decodeBatch((tuple as unknown[])[1]).map(
    (record) => carriedTuple(record, { topic: '', partition: 0 }).values,
  )

describe('a bolt', () => {
  test('says its pid, emits what comes of a batch with its anchor, and then acks it', async () => {
    await using storm = new StormSide('work', 4)
    expect(await storm.next()).toEqual({ pid: storm.child.pid })
    expect(existsSync(join(folder, 'pids', String(storm.child.pid)))).toBe(true)
    storm.order('7', 'x', 'y')
    const emitted = await storm.next()
    expect(emitted).toMatchObject({
      command: 'emit',
      anchors: ['7'],
      stream: 'to-after',
      need_task_ids: false,
    })
    const all = valuesOf(emitted)
    // The two may go to different tasks.
    while (all.length < 2) all.push(...valuesOf(await storm.next()))
    expect(await storm.next()).toEqual({ command: 'ack', id: '7' })
    expect(all).toEqual(expect.arrayContaining([{ done: 'x' }, { done: 'y' }]))
  })

  test('answers heartbeats while its code is busy, and what that prints is the log', async () => {
    await using storm = new StormSide('work', 4)
    await storm.next()
    storm.order('1', 'print')
    expect(await storm.command('log')).toEqual({ command: 'log', msg: 'hello', level: 2 })
    expect(await storm.command('log')).toEqual({ command: 'log', msg: 'there', level: 2 })
    await storm.command('emit')
    await storm.command('ack')
    storm.order('2', 'work 4000')
    for (let beat = 0; beat < 3; beat++) {
      storm.heartbeat()
      // Nothing of the batch can be there: its code still works.
      expect(await storm.next()).toEqual({ command: 'sync' })
    }
    expect((await storm.command('ack'))['id']).toBe('2')
  })

  test('that throws writes a dead letter, and acks', async () => {
    await using storm = new StormSide('work', 4)
    storm.order('1', 'throw', 'x')
    expect(await storm.command('error')).toMatchObject({ msg: expect.stringContaining('as it was told') })
    expect(valuesOf(await storm.command('emit'))).toEqual([{ done: 'x' }])
    expect((await storm.command('ack'))['id']).toBe('1')
  })

  test('fails what is no batch, and goes on', async () => {
    await using storm = new StormSide('work', 4)
    storm.send({ id: '1', comp: 'x', stream: 'default', task: 9, tuple: [placeOf(0, 1), 'hello'] })
    expect((await storm.command('fail'))['id']).toBe('1')
    storm.order('2', 'x')
    expect((await storm.command('ack'))['id']).toBe('2')
  })

  test('that got the batch of another task ends', async () => {
    await using storm = new StormSide('after', 1)
    storm.send({ id: '1', comp: 'work', stream: 'to-after', task: 4, tuple: [placeOf(1, 2), 'b'] })
    expect(await storm.command('error')).toMatchObject({ msg: expect.stringContaining('hashes otherwise') })
    expect(await once(storm.child, 'exit')).toEqual([1, null])
  })

  test.each([
    ['exit', /ended the process, with code 3/, {}],
    ['work 600000', /did nothing else for \d+ ms/, { hangTimeoutMs: 2000 }],
  ])('whose code does %j says so, and ends', async (order, why, settings) => {
    await using storm = new StormSide('work', 4, settings)
    storm.order('1', order)
    expect(await storm.command('error')).toMatchObject({ msg: expect.stringMatching(why) })
    expect(await once(storm.child, 'exit')).toEqual([1, null])
  })
})

describe('a spout', () => {
  /** Asks until there is something. */
  const asked = async (storm: StormSide): Promise<Message[]> => {
    for (;;) {
      storm.send({ command: 'next' })
      const answer: Message[] = []
      for (let message = await storm.next(); message['command'] !== 'sync'; message = await storm.next())
        answer.push(message)
      if (answer.length > 0) return answer
    }
  }
  const active = async (verb: 'activate' | 'deactivate', storm: StormSide): Promise<void> => {
    storm.send({ command: verb })
    await storm.command('sync')
  }

  test('emits when it is asked, and again what failed, each by itself', async () => {
    await using storm = new StormSide('orders', 3)
    await storm.next()
    await active('activate', storm)
    const [first, ...more] = await asked(storm)
    expect(more).toEqual([])
    expect(first).toMatchObject({ command: 'emit', stream: 'to-work', id: expect.any(String) })
    expect(valuesOf(first!)).toEqual([{ order: 'a' }, { order: 'b' }, { order: 'c' }])
    storm.send({ command: 'fail', id: first!['id'] })
    await storm.command('sync')
    const again: Message[] = []
    while (again.length < 3) again.push(...(await asked(storm)))
    expect(again.map(valuesOf)).toEqual([[{ order: 'a' }], [{ order: 'b' }], [{ order: 'c' }]])
    for (const { id } of again) {
      storm.send({ command: 'ack', id })
      await storm.command('sync')
    }
    await active('deactivate', storm)
    await active('activate', storm)
    // All was committed: there is nothing more.
    storm.send({ command: 'next' })
    expect(await storm.next()).toEqual({ command: 'sync' })
  })

  test("of the user's emits, and is told what became of it", async () => {
    await using storm = new StormSide('counter', 5)
    await storm.next()
    await active('activate', storm)
    const emitted: Message[] = []
    while (emitted.flatMap(valuesOf).length < 2) emitted.push(...(await asked(storm)))
    expect(emitted.flatMap(valuesOf)).toEqual([{ order: '1' }, { order: '2' }])
    for (const { id } of emitted) storm.send({ command: 'ack', id })
    expect((await storm.command('log'))['msg']).toBe('acked 1')
    expect((await storm.command('log'))['msg']).toBe('acked 2')
  })
})
