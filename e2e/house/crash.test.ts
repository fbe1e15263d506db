import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@heddle/client'
import { expect, test } from 'vitest'
import { freePort } from '../../examples/demo/fabric-process.ts'
import { Running, heddle, installHeddle, temporaryFolder } from './cli.ts'
import { Traffic } from './traffic.ts'

/** How often the host is killed. */
const kills = 12

interface Numbered {
  readonly n: number
}

const topologyText = (file: string): string => `import { file, otherwise, topic, topology } from 'heddle'
export default topology('split', { guarantee: 'exactly-once' })
  .from(topic<{ n: number }>('in'))
  .route(
    { even: (event) => event.data.n % 2 === 0, odd: otherwise },
    { even: (s) => s.to(topic('even')), odd: (s) => s.to(file(${JSON.stringify(file)}, { format: 'data' })) },
  )
`

test(`killed ${kills} times under traffic, a host loses nothing and does nothing twice`, async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  const odd = folder.at('out', 'odd.jsonl')
  writeFileSync(folder.at('split.ts'), topologyText(odd))
  const port = String(await freePort())
  const args = ['up', '--json', '--http', port, '--data', folder.at('data'), folder.at('split.ts')]
  let host = new Running(args)
  const url = await host.url()

  const traffic = new Traffic(url, 'in', 8)
  for (let kill = 0; kill < kills; kill++) {
    await traffic.more(100)
    await sleep(Math.random() * 60)
    expect(await host.end('SIGKILL')).toBeNull()
    host = new Running(args)
    await host.url()
  }
  await traffic.stop()

  // SIGTERM lets the topology finish what it has begun; what it has not begun is done after a start.
  await untilDone(url)
  expect(await host.end('SIGTERM')).toBe(0)
  host = new Running(args)
  await host.url()
  const read = async (topic: string): Promise<number[]> =>
    (await heddle(['tail', topic, '--from', 'earliest', '--no-follow', '--json', '--url', url])).stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { data: Numbered }).data.n)
      .toSorted((a, b) => a - b)
  const all = Array.from({ length: traffic.begun }, (_, index) => index)
  expect(await read('in')).toEqual(all)
  expect(await read('even')).toEqual(all.filter((each) => each % 2 === 0))
  expect(await host.end('SIGTERM')).toBe(0)
  const lines = readFileSync(odd, 'utf8').split('\n').slice(0, -1)
  expect(lines.map((line) => (JSON.parse(line) as Numbered).n).toSorted((a, b) => a - b)).toEqual(
    all.filter((each) => each % 2 === 1),
  )
})

async function untilDone(url: string): Promise<void> {
  for (;;) {
    const { stdout } = await heddle(['topologies', 'describe', 'split', '--json', '--url', url])
    const { metrics } = JSON.parse(stdout) as { metrics: { lag: number; pending: number } }
    if (metrics.lag === 0 && metrics.pending === 0) return
  }
}

test('SIGTERM finishes what is under way: everything acknowledged before it has come out', async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  const odd = folder.at('odd.jsonl')
  writeFileSync(folder.at('split.ts'), topologyText(odd))
  const host = new Running([
    'up',
    '--json',
    '--http',
    '0',
    '--data',
    folder.at('data'),
    folder.at('split.ts'),
  ])
  const url = await host.url()
  const client = createClient({ url })
  const results = await client.publish(
    'in',
    Array.from({ length: 2000 }, (_, n) => ({ type: 'n', data: { n } })),
  )
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
  await untilDone(url)
  await client.close()
  expect(await host.end('SIGTERM')).toBe(0)
  expect(readFileSync(odd, 'utf8').split('\n').length - 1).toBe(1000)
})
