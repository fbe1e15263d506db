import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Event, type Log, type LogRecord, event, fromRecord, toRecord } from '@heddle/core'
import { type Compression, openKafkaLog } from '@heddle/log/kafka'
import { Consumer, Producer, stringDeserializers } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jars } from '../../tools/services/jars.ts'
import { LIGHT } from '../../tools/services/java-process.ts'
import { javaTool } from '../../tools/services/java-tool.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, startTestKafka } from './test-kafka.ts'

const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString()

// The console producer is in the jars of the older Kafka.
describe.runIf(servicesAvailable('kafka', 'kafka-3.9'))('with programs that know nothing of us', () => {
  let kafka: TestKafka
  let log: Log
  beforeAll(async () => {
    kafka = await startTestKafka()
    log = await openKafkaLog({ brokers: kafka.brokers })
  })
  afterAll(async () => {
    await log.close()
    await kafka.stop()
  })

  async function topic(): Promise<string> {
    const name = `foreign-${crypto.randomUUID()}`
    await log.createTopic({ name, partitions: 1 })
    return name
  }

  async function read(name: string, count: number): Promise<LogRecord[]> {
    const records: LogRecord[] = []
    for (let offset = 0; records.length < count;) {
      const fetched = await log.read([{ topic: name, partition: 0, offset }], { waitMs: 5_000 })
      if (fetched.length === 0) throw new Error(`${records.length} of ${count} records came`)
      for (const part of fetched) {
        records.push(...part.records)
        offset = part.nextOffset
      }
    }
    return records
  }

  /** Whether the records take less on disk than their values do. */
  async function isCompressed(name: string, values: readonly string[]): Promise<boolean> {
    const [partition] = await log.partitions(name)
    return partition!.bytes < values.reduce((sum, value) => sum + Buffer.byteLength(value), 0)
  }

  const eventOf = (record: LogRecord, name: string): Event =>
    fromRecord(record, { topic: name, partition: 0 })

  /** Kafka's own console producer; each line is `name:value,name:value⇥key⇥value`. */
  async function produceInJava(name: string, compression: Compression, lines: readonly string[]) {
    const folder = await jars('kafka-3.9')
    const properties = { 'parse.headers': true, 'parse.key': true, 'null.marker': '<null>' }
    const java = ['-Xmx128m', ...LIGHT, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
    const program = ['-cp', join(folder, 'lib', '*'), 'kafka.tools.ConsoleProducer']
    const place = ['--bootstrap-server', kafka.brokers.join(','), '--topic', name]
    const batching = [`--compression-codec=${compression}`, '--producer-property', 'linger.ms=500']
    const format = Object.entries(properties).flatMap(([key, value]) => ['--property', `${key}=${value}`])
    const child = spawn(javaTool('java'), [...java, ...program, ...place, ...batching, ...format], {
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    child.stdin.end(lines.join('\n'))
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
  }

  it.each(compressions)(
    'reads what Kafka’s producer writes with %s, as events, and passes it on as it is',
    async (compression) => {
      const [from, to] = [await topic(), await topic()]
      const values = Array.from({ length: 200 }, (_, i) => JSON.stringify({ i, padding: 'ö'.repeat(50) }))
      await produceInJava(from, compression, [
        ...values.map((value, i) => `n:${i},n:again\tkey-${i % 3}\t${value}`),
        'a:b\t<null>\tno key',
        'a:b\tgone\t<null>',
      ])
      expect(await isCompressed(from, values)).toBe(compression !== 'none')
      const records = await read(from, values.length + 2)
      const events = records.map((record) => eventOf(record, from))
      expect(events[7]).toMatchObject({
        id: '0-7',
        source: `/topics/${from}`,
        type: 'heddle.record',
        partitionkey: 'key-1',
        datacontenttype: 'application/octet-stream',
      })
      expect(text(events[7]!.data as Uint8Array)).toBe(values[7])
      expect(events.at(-2)!.partitionkey).toBeUndefined()
      expect(events.at(-1)!.data).toBeUndefined()

      await log.append(
        to,
        events.map((one) => toRecord(one)),
      )
      const passed = await read(to, records.length)
      const plain = ({ key, value, headers }: LogRecord) => ({
        key: key && text(key),
        value: value && text(value),
        headers: headers.map(([name, content]) => `${name}=${text(content)}`),
      })
      expect(passed.map(plain)).toEqual(records.map(plain))
      expect(plain(passed[7]!)).toEqual({ key: 'key-1', value: values[7], headers: ['n=7', 'n=again'] })
    },
  )

  it.each(compressions)('writes with %s what another client reads', async (compression) => {
    const name = await topic()
    const own = await openKafkaLog({ brokers: kafka.brokers, compression })
    const values = Array.from({ length: 200 }, (_, i) => `${i} ${'ö'.repeat(50)}`)
    await own.append(
      name,
      values.map((value) => ({ key: 'k', value, headers: [['h', value]] })),
    )
    expect(await isCompressed(name, values)).toBe(compression !== 'none')
    await own.close()
    const consumer = new Consumer({
      clientId: 'foreign',
      groupId: name,
      bootstrapBrokers: [...kafka.brokers],
      deserializers: stringDeserializers,
    })
    const found: [string, string][] = []
    const stream = await consumer.consume({ topics: [name], mode: 'earliest', autocommit: false })
    for await (const { value, headers } of stream) {
      found.push([value, headers.get('h')!])
      if (found.length === values.length) break
    }
    await consumer.close(true)
    expect(found).toEqual(values.map((value) => [value, value]))
  })

  it('reads bytes of any kind, in keys, values and headers', async () => {
    const name = await topic()
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const producer = new Producer({ clientId: 'foreign', bootstrapBrokers: [...kafka.brokers] })
    await producer.send({
      messages: [{ topic: name, key: bytes, value: bytes, headers: new Map([[Buffer.from('b'), bytes]]) }],
    })
    await producer.close()
    const [record] = await read(name, 1)
    const one = eventOf(record!, name)
    expect(one.data).toEqual(bytes)
    expect(toRecord(one)).toMatchObject({ key: bytes, value: bytes, headers: [['b', bytes]] })
  })

  it('reads and writes events in the structured mode, and knows duplicates of them after a restart', async () => {
    const name = await topic()
    await produceInJava(name, 'none', [
      'content-type:application/cloudevents+json\tk\t{"specversion":"1.0","id":"1","source":"/java","type":"t","data":{"a":1}}',
    ])
    const [theirs] = await read(name, 1)
    expect(eventOf(theirs!, name)).toMatchObject({
      id: '1',
      source: '/java',
      type: 't',
      data: { a: 1 },
      partitionkey: 'k',
    })

    const open = () => openKafkaLog({ url: `kafka://${kafka.brokers.join(',')}?structured=${name}` })
    const ours = event({ id: '2', source: '/heddle', type: 't', subject: 's', data: { b: 2 } })
    for (const duplicate of [undefined, true]) {
      const own = await open()
      const [appended] = await own.append(name, [toRecord(ours)], { dedupe: true })
      expect(appended!.duplicate).toBe(duplicate)
      await own.close()
    }
    const [, written] = await read(name, 2)
    expect(written!.headers.map(([header, content]) => `${header}: ${text(content)}`)).toEqual([
      'content-type: application/cloudevents+json; charset=UTF-8',
    ])
    expect(JSON.parse(text(written!.value))).toEqual({ ...ours })
    expect({ ...eventOf(written!, name) }).toEqual({ ...ours })
  })
})
