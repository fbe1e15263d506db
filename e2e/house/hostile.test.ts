import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Running, heddle, installHeddle, temporaryFolder } from './cli.ts'
import { Traffic } from './traffic.ts'

/** What the topology does to its thread, once each, and what the host has to say of it. */
const misdeeds = {
  loop: { code: 'for (;;);', told: 'did nothing else for too long' },
  memory: { code: 'for (const kept = []; ;) kept.push(Array(1000).fill(kept.length))', told: 'memory' },
  exit: { code: 'process.exit(3)', told: 'code 3' },
  throw: { code: `setTimeout(() => { throw new Error('out of the blue') })`, told: 'out of the blue' },
  reject: { code: `void Promise.reject(new Error('left alone'))`, told: 'left alone' },
}

/** Counts by key; as soon as there is a file `trigger`, it takes that away, and does what is in it. */
const countsText = (trigger: string): string => `import { existsSync, readFileSync, rmSync } from 'node:fs'
import { topic, topology } from 'heddle'
const trigger = ${JSON.stringify(trigger)}
const misdeeds = {
${Object.entries(misdeeds)
  .map(([name, { code }]) => `  ${name}: () => { ${code} },`)
  .join('\n')}
}
function misbehave() {
  const misdeed = misdeeds[readFileSync(trigger, 'utf8')]
  rmSync(trigger)
  misdeed()
}
export default topology('counts', { guarantee: 'exactly-once' })
  .from(topic<{ n: number }>('in'))
  .keyBy((event) => event.data.n % 5)
  .process<{ key: number; count: number }, number>({
    element: (_, ctx) => {
      ctx.state = (ctx.state ?? 0) + 1
      ctx.emit({ key: ctx.key, count: ctx.state })
      if (existsSync(trigger)) misbehave()
    },
  })
  .to(topic('counts', { partitions: 1 }))
`

const goodText = `import { topic, topology } from 'heddle'
export default topology('good', { guarantee: 'exactly-once' })
  .from(topic<{ n: number }>('in'))
  .map((event) => event.data)
  .to(topic('passed', { partitions: 1 }))
`

interface Described {
  readonly threads: readonly { readonly state: string; readonly restarts: number }[]
  readonly lastError?: { readonly message: string }
}

test('a topology that does its worst is started again with every count right; the gateway and others do not notice', async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  const trigger = folder.at('trigger')
  writeFileSync(folder.at('counts.ts'), countsText(trigger))
  writeFileSync(folder.at('good.ts'), goodText)
  const files = [folder.at('counts.ts'), folder.at('good.ts')]
  const env = { HEDDLE_HANG_TIMEOUT: '8s', HEDDLE_THREAD_MEMORY: '128mb' }
  const host = new Running(['up', '--json', '--http', '0', '--data', folder.at('data'), ...files], { env })
  onTestFinished(() => void host.end('SIGKILL'))
  const url = await host.url()
  const describe = async (name: string): Promise<Described> =>
    JSON.parse((await heddle(['topologies', 'describe', name, '--json', '--url', url])).stdout) as Described

  // An event that is not accepted at once fails the test.
  const traffic = new Traffic(url, 'in', 2, 1)
  let restarts = 0
  for (const [name, { told }] of Object.entries(misdeeds)) {
    await traffic.more(100)
    writeFileSync(`${trigger}.new`, name)
    renameSync(`${trigger}.new`, trigger)
    while (existsSync(trigger)) await sleep(1)
    // It is at it now. The gateway takes events, and the other one passes them on.
    await traffic.more(100)
    while ((await describe('counts')).threads[0]!.restarts === restarts) await sleep(10)
    restarts++
    const { lastError } = await describe('counts')
    expect(lastError?.message).toContain(told)
    while ((await describe('counts')).threads[0]!.state !== 'running') await sleep(10)
  }
  await traffic.more(100)
  await traffic.stop()

  const read = async <T>(topic: string): Promise<T[]> => {
    for (;;) {
      const tail = ['tail', topic, '--from', 'earliest', '--no-follow', '--json', '--url', url]
      const lines = (await heddle(tail)).stdout.split('\n').slice(0, -1)
      if (lines.length >= traffic.begun) return lines.map((line) => (JSON.parse(line) as { data: T }).data)
    }
  }
  const all = Array.from({ length: traffic.begun }, (_, n) => n)
  const passed = await read<{ n: number }>('passed')
  expect(passed.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(all)
  const counts = await read<{ key: number; count: number }>('counts')
  for (let key = 0; key < 5; key++)
    expect(counts.filter((each) => each.key === key).map(({ count }) => count)).toEqual(
      all.filter((n) => n % 5 === key).map((_, at) => at + 1),
    )
  expect((await describe('counts')).threads).toMatchObject([{ state: 'running', restarts }])
  expect((await describe('good')).threads).toMatchObject([{ state: 'running', restarts: 0 }])
  expect(await host.end()).toBe(0)
}, 300_000)
