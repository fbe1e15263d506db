import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../examples/demo/fabric-process.ts'
import { servicesAvailable } from '../../tools/services/toolchain.ts'
import { type TestKafka, startTestKafka } from '../kafka/test-kafka.ts'
import { Running, heddle, installHeddle, temporaryFolder } from './cli.ts'
import { Traffic } from './traffic.ts'

const kills = 1

describe.skipIf(!servicesAvailable('kafka'))('on a real Kafka', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await startTestKafka()
  }, 120_000)
  afterAll(() => kafka?.stop())

  test(`a host with --log kafka:// is killed, loses nothing and does nothing twice`, async () => {
    using folder = temporaryFolder()
    installHeddle(folder.path)
    const odd = folder.at('odd.jsonl')
    writeFileSync(
      folder.at('split.ts'),
      `import { file, otherwise, topic, topology } from 'heddle'
export default topology('split', { guarantee: 'exactly-once' })
  .from(topic<{ n: number }>('in'))
  .route(
    { even: (event) => event.data.n % 2 === 0, odd: otherwise },
    { even: (s) => s.to(topic('even')), odd: (s) => s.to(file(${JSON.stringify(odd)}, { format: 'data' })) },
  )
`,
    )
    const port = String(await freePort())
    const log = `kafka://${kafka.brokers.join(',')}`
    const args = [
      'up',
      '--json',
      '--http',
      port,
      '--log',
      log,
      '--data',
      folder.at('data'),
      folder.at('split.ts'),
    ]
    let host = new Running(args)
    const url = await host.url()
    const traffic = new Traffic(url, 'in', 8)
    for (let kill = 0; kill < kills; kill++) {
      await traffic.more(200)
      expect(await host.end('SIGKILL')).toBeNull()
      host = new Running(args)
      await host.url()
    }
    await traffic.stop()
    for (let done = false; !done;) {
      const { stdout } = await heddle(['topologies', 'describe', 'split', '--json', '--url', url])
      const { metrics } = JSON.parse(stdout) as { metrics: { lag: number; pending: number } }
      done =
        metrics.lag === 0 && metrics.pending === 0 && linesOf(odd).length >= Math.floor(traffic.begun / 2)
    }
    const all = Array.from({ length: traffic.begun }, (_, index) => index)
    const read = async (topic: string): Promise<number[]> =>
      numbersOf(
        (await heddle(['tail', topic, '--from', 'earliest', '--no-follow', '--json', '--url', url])).stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.stringify((JSON.parse(line) as { data: unknown }).data)),
      )
    expect(await read('in')).toEqual(all)
    expect(await read('even')).toEqual(all.filter((each) => each % 2 === 0))
    expect(await host.end('SIGTERM')).toBe(0)
    expect(numbersOf(linesOf(odd))).toEqual(all.filter((each) => each % 2 === 1))
  }, 240_000)
})

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

const numbersOf = (lines: readonly string[]): number[] =>
  lines.map((line) => (JSON.parse(line) as { n: number }).n).toSorted((a, b) => a - b)
