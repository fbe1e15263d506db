import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@heddle/client'
import { expect, test } from 'vitest'
import { freePort } from '../../examples/demo/fabric-process.ts'
import { type Ran, Running, heddle, installHeddle, temporaryFolder } from './cli.ts'
import { Traffic } from './traffic.ts'

/** How often another version is deployed under traffic; during every third the host is killed. */
const deploys = 12

interface Version {
  readonly name: string
  /** Name of the step that counts. */
  readonly count?: string
  /** A step with state that only some versions have. */
  readonly extra?: boolean
  readonly parallelism?: number
}

interface Counted {
  readonly key: number
  readonly count: number
  readonly by: string
}

const versionText = ({ name, count = 'count', extra = false, parallelism = 1 }: Version): string =>
  `import { topic, topology } from 'heddle'
export default topology('counts', { guarantee: 'exactly-once' })
  .from(topic<{ n: number }>('in'))
  ${extra ? `.dedupe({ by: (event) => event.data.n, within: '1h', name: 'extra' })` : ''}
  .keyBy((event) => event.data.n % 5, { name: 'key' })
  .process<{ key: number; count: number; by: string }, number>(
    {
      element: (_, ctx) => {
        ctx.state = (ctx.state ?? 0) + 1
        ctx.emit({ key: ctx.key, count: ctx.state, by: '${name}' })
      },
    },
    { name: '${count}', parallelism: ${parallelism} },
  )
  .to(topic('counts', { partitions: 1 }), { name: 'out' })
`

test(`${deploys} versions deployed under traffic, the host killed during some: every event is counted once`, async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  mkdirSync(folder.at('topologies'))
  const file = folder.at('topologies', 'counts.ts')
  const write = (version: Version): void => writeFileSync(file, versionText(version))
  write({ name: 'v0' })
  const port = String(await freePort())
  // What a restart with the changed file may drop, too.
  const args = ['up', file, '--json', '--http', port, '--data', folder.at('data'), '--drop-state', 'extra']
  let host = new Running(args)
  const url = await host.url()
  const deploy = (...more: string[]): Promise<Ran> =>
    heddle(['deploy', file, '--url', url, '--drop-state', 'extra', ...more])

  const traffic = new Traffic(url, 'in', 4)
  const undisturbed: Ran[] = []
  for (let round = 1; round <= deploys; round++) {
    await traffic.more(50)
    write({ name: `v${round}`, extra: round % 2 === 1, parallelism: 1 + (round % 3) })
    const deployed = deploy()
    if (round % 3 !== 0) {
      undisturbed.push(await deployed)
      continue
    }
    await sleep(Math.random() * 600)
    expect(await host.end('SIGKILL')).toBeNull()
    await deployed
    host = new Running(args)
    await host.url()
  }
  await traffic.more(50)
  await traffic.stop()
  expect(undisturbed.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([])

  const counts = async (): Promise<Counted[]> =>
    (await heddle(['tail', 'counts', '--from', 'earliest', '--no-follow', '--json', '--url', url])).stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { data: Counted }).data)
  let all = await counts()
  while (all.length < traffic.begun) all = await counts()
  for (let key = 0; key < 5; key++) {
    const ofKey = all.filter((each) => each.key === key).map(({ count }) => count)
    const published = Array.from({ length: traffic.begun }, (_, n) => n).filter((n) => n % 5 === key)
    expect(ofKey).toEqual(published.map((_, at) => at + 1))
  }
  expect(new Set(all.map(({ by }) => by)).size).toBeGreaterThan(deploys / 2)
  expect(await host.end()).toBe(0)
})

test('what cannot take over is refused with the reason, and told before by a dry run', async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  const file = folder.at('counts.ts')
  writeFileSync(file, versionText({ name: 'v1' }))
  const host = new Running(['up', file, '--json', '--http', '0', '--data', folder.at('data')])
  const url = await host.url()
  const client = createClient({ url })
  const counted = async (by: string, count: number): Promise<void> => {
    await client.publish('in', { type: 'n', data: { n: 5 } })
    for await (const { event } of client.subscribe<Counted>('counts', { from: 'earliest' }))
      if (event.data.by === by && event.data.count === count) return
  }
  await counted('v1', 1)

  writeFileSync(file, versionText({ name: 'v2', count: 'total', parallelism: 2 }))
  const dry = await heddle(['deploy', file, '--url', url, '--dry-run'])
  expect(dry.code).toBe(1)
  expect(dry.stdout).toContain(`'count' has state and is no longer there`)
  expect(dry.stdout).toContain('it would be refused')
  const refused = await heddle(['deploy', file, '--url', url])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('--rename count=total')
  await counted('v1', 2)

  const renamed = await heddle(['deploy', file, '--url', url, '--rename', 'count=total'])
  expect(renamed).toMatchObject({ code: 0, stderr: '' })
  expect(renamed.stdout).toContain('~ count is total now: its state is kept')
  expect(renamed.stdout).toContain('parallelism: 1 → 2')
  await counted('v2', 3)
  const history = await heddle(['topologies', 'history', 'counts', '--url', url])
  expect(history.stdout).toContain('count is total now: parallelism')
  expect(history.stdout).toContain('anonymous')
  expect(history.stdout).toContain('first version')

  // One whose code throws at once: the version before runs on.
  writeFileSync(file, `throw new Error('on purpose')\n`)
  const broken = await heddle(['deploy', file, '--url', url])
  expect(broken.code).toBe(1)
  expect(broken.stderr).toContain('on purpose')
  await counted('v2', 4)

  // Only files that the host was told of.
  const foreign = await heddle(['deploy', '/etc/hostname', '--url', url])
  expect(foreign.code).toBe(1)
  expect(foreign.stderr).toContain('HEDDLE_DEPLOY_FORBIDDEN')
  await client.close()
  expect(await host.end()).toBe(0)
})

test('dev shows what is different, and why a change is refused; heddle deploy can allow it', async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  const file = folder.at('counts.ts')
  writeFileSync(file, versionText({ name: 'v1' }))
  const dev = new Running(['dev', '--http', '0', '--data', folder.at('data')], { cwd: folder.path })
  const ready = await dev.line((line) => line.includes('http://'))
  const url = /http:\/\/\S+/.exec(ready)![0]

  let from = dev.lines.length
  writeFileSync(file, versionText({ name: 'v2', parallelism: 2 }))
  await dev.line((line) => line.includes('~ count: its state is kept'), from)
  await dev.line((line) => line.includes('parallelism: 1 → 2'), from)

  from = dev.lines.length
  writeFileSync(file, versionText({ name: 'v3', count: 'total' }))
  await dev.line((line) => line.includes('what ran before goes on'), from)
  await dev.line((line) => line.includes(`drop the state (--drop-state count)`), from)
  const described = await heddle(['topologies', 'describe', 'counts', '--json', '--url', url])
  expect(described.stdout).toContain('"id":"count"')

  const deployed = await heddle(['deploy', file, '--url', url, '--drop-state', 'count'])
  expect(deployed).toMatchObject({ code: 0, stderr: '' })
  expect(deployed.stdout).toContain('- count: its state is dropped')
  expect(await dev.end()).toBe(0)
})
