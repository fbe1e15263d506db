import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Running, heddle, installHeddle, temporaryFolder } from './cli.ts'

describe('without a host', () => {
  test('--help and --version', async () => {
    const help = await heddle(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const command of [
      'up',
      'dev',
      'init',
      'publish',
      'tail',
      'topics',
      'topologies',
      'graph',
      'check',
      'doctor',
    ])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'))
    expect(await heddle(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    })
  })

  test('a command line that is wrong ends with 2, and says what was meant', async () => {
    const { code, stderr } = await heddle(['tial', 'orders'])
    expect(code).toBe(2)
    expect(stderr).toContain('Did you mean tail?')
    expect((await heddle(['publish'])).code).toBe(2)
    expect((await heddle(['topics', 'alter', 'x'])).code).toBe(2)
  })

  test('a configuration that is wrong ends with 2, and names the setting', async () => {
    const { code, stderr } = await heddle(['up', '--http', '99999'])
    expect(code).toBe(2)
    expect(stderr).toContain('http.port')
    expect(stderr).toContain('--http')
    const unknown = await heddle(['up', '--log', 'pigeon://loft:1'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain("there is no log for 'pigeon://loft:1'")
  })

  test('no host there ends with 1, and says what to do; as JSON when asked', async () => {
    const { code, stderr } = await heddle(['topics', '--url', 'http://127.0.0.1:1'])
    expect(code).toBe(1)
    expect(stderr).toContain('HEDDLE_CLIENT_REQUEST_FAILED')
    expect(stderr).toContain("is 'heddle up'")
    const json = await heddle(['topics', 'list', '--json'], { env: { HEDDLE_URL: 'http://127.0.0.1:1' } })
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'HEDDLE_CLIENT_REQUEST_FAILED' } })
  })

  test('init makes a project whose topology is without mistakes', async () => {
    using folder = temporaryFolder()
    const project = folder.at('My Fabric')
    const made = await heddle(['init', project, '--json'])
    expect(made.code).toBe(0)
    expect(JSON.parse(made.stdout)).toMatchObject({ folder: project })
    expect(JSON.parse(readFileSync(`${project}/package.json`, 'utf8'))).toMatchObject({
      name: 'my-fabric',
      type: 'module',
    })
    expect(readFileSync(`${project}/.gitignore`, 'utf8')).toContain('node_modules')

    installHeddle(project)
    const checked = await heddle(['check', 'topologies', '--json'], { cwd: project })
    expect(checked.code).toBe(0)
    expect(JSON.parse(checked.stdout)).toMatchObject([{ topologies: ['orders'], mistakes: [] }])
    const drawn = await heddle(['graph', 'topologies/orders.ts'], { cwd: project })
    expect(drawn.stdout).toContain('topic orders.per-customer')
    const mermaid = await heddle(['graph', '--format', 'mermaid', 'topologies/orders.ts'], { cwd: project })
    expect(mermaid.stdout).toMatch(/^flowchart LR\n/)
    const plan = await heddle(['graph', '--json', 'topologies/orders.ts'], { cwd: project })
    expect(JSON.parse(plan.stdout)).toMatchObject({ name: 'orders', settings: { guarantee: 'exactly-once' } })

    const again = await heddle(['init', project])
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('is not empty')
  })

  test('check prints every mistake and its place, and ends with 1', async () => {
    using folder = temporaryFolder()
    installHeddle(folder.path)
    writeFileSync(
      folder.at('wrong.ts'),
      `import { topic, topology } from 'heddle'
export default topology('wrong')
  .from(topic('in'), { parallelism: 0 })
  .filter(() => true, { parallelism: -1 })
  .to(topic('out'))
`,
    )
    writeFileSync(folder.at('broken.ts'), 'export default topology(\n')
    const { code, stdout } = await heddle(['check', 'wrong.ts', 'broken.ts'], { cwd: folder.path })
    expect(code).toBe(1)
    expect(stdout).toMatch(/wrong\.ts:3:\d+/)
    expect(stdout).toMatch(/wrong\.ts:4:\d+/)
    expect(stdout).toContain('broken.ts')
  })

  test('doctor shows values and where they come from, and an address that is taken', async () => {
    using folder = temporaryFolder()
    writeFileSync(folder.at('heddle.config.yaml'), 'drain: 5s\n')
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const options = {
      cwd: folder.path,
      env: {
        HEDDLE_DATA: 'd',
        HEDDLE_WEBHOOKS: '{"a":{"topic":"t","signature":"github","secret":"sesame"}}',
        HEDDLE_STOMP_PORT: '0',
        HEDDLE_STOMP_USERS: '{"shop":"sesame"}',
      },
    }
    const args = ['doctor', '--json', '--http', String(port), '--log', 'kafka://me:sesame@broker:9092']
    const { code, stdout } = await heddle(args, options)
    other.close()
    expect(code).toBe(1)
    expect(stdout).not.toContain('sesame')
    const { settings, findings } = JSON.parse(stdout) as {
      settings: { key: string; value: unknown; origin: string }[]
      findings: { what: string; ok: boolean; detail: string }[]
    }
    const of = (key: string) => settings.find((setting) => setting.key === key)
    expect(of('drain')).toMatchObject({
      value: 5000,
      origin: expect.stringContaining('heddle.config.yaml') as string,
    })
    expect(of('data')).toMatchObject({ origin: 'HEDDLE_DATA' })
    expect(of('http.port')).toMatchObject({ value: port, origin: '--http' })
    expect(of('log')).toMatchObject({ value: 'kafka://me:***@broker:9092', origin: '--log' })
    expect(of('http.host')).toMatchObject({ value: '127.0.0.1', origin: 'default' })
    expect(findings.find(({ what }) => what.startsWith('address'))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('EADDRINUSE') as string,
    })
    expect(findings.find(({ what }) => what.startsWith('data'))).toMatchObject({ ok: true })
  })
})

describe('with a host', () => {
  const folder = temporaryFolder()
  let host: Running
  let url: string
  const run = (args: string[], input?: string) =>
    heddle([...args, '--url', url], input === undefined ? {} : { input })

  beforeAll(async () => {
    installHeddle(folder.path)
    writeFileSync(
      folder.at('shout.ts'),
      `import { topic, topology } from 'heddle'
export default topology('shout')
  .from(topic<string>('words'))
  .map((event) => ({ ...event, data: event.data.toUpperCase() }), { name: 'upper' })
  .to(topic('shouts'))
`,
    )
    host = new Running(['up', '--json', '--http', '0', '--data', folder.at('data'), folder.at('shout.ts')])
    url = await host.url()
  })
  afterAll(async () => {
    await host.end()
    folder[Symbol.dispose]()
  })

  test('topics: create, list, describe, alter, delete', async () => {
    expect(await run(['topics', 'create', 'orders', '--partitions', '2', '--retention', '7d'])).toMatchObject(
      {
        code: 0,
        stdout: 'orders has 2 partitions; kept for 7d\n',
      },
    )
    expect((await run(['topics'])).stdout).toMatch(/^orders +2 {2}kept for 7d$/m)
    expect((await run(['topics', 'alter', 'orders', '--partitions', '3'])).code).toBe(0)
    const described = await run(['topics', 'describe', 'orders', '--json'])
    expect(JSON.parse(described.stdout)).toMatchObject({
      name: 'orders',
      partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }],
    })
    expect((await run(['topics', 'delete', 'orders'])).code).toBe(2) // nobody to ask
    expect((await run(['topics', 'delete', 'orders', '--yes'])).code).toBe(0)
    const gone = await run(['topics', 'describe', 'orders'])
    expect(gone.code).toBe(1)
    expect(gone.stderr).toContain('HEDDLE_LOG_UNKNOWN_TOPIC')
  })

  test('publish and tail: one event, lines of data, lines of events', async () => {
    await run(['topics', 'create', 'a'])
    await run(['topics', 'create', 'b'])
    expect(
      await run(['publish', 'a', '{"n":1}', '--type', 'one', '--key', 'k', '--id', 'first']),
    ).toMatchObject({ code: 0, stdout: '1 event published to a\n' })
    expect(
      (await run(['publish', 'a', '{"n":1}', '--type', 'one', '--key', 'k', '--id', 'first'])).stdout,
    ).toContain('1 were there already')
    const many = Array.from({ length: 3000 }, (_, n) => `{"n":${n + 2}}\n`).join('')
    expect((await run(['publish', 'a', '--key', 'k'], many)).stdout).toBe('3000 events published to a\n')

    const read = await run(['tail', 'a', '--from', 'earliest', '--no-follow', '--json'])
    const events = read.stdout.split('\n').slice(0, -1)
    expect(events.map((line) => (JSON.parse(line) as { data: { n: number } }).data.n)).toEqual(
      Array.from({ length: 3001 }, (_, n) => n + 1),
    )
    expect((await run(['publish', 'b', '--events'], read.stdout)).stdout).toBe('3001 events published to b\n')
    const copied = await run([
      'tail',
      'b',
      '--from',
      'earliest',
      '--no-follow',
      '--filter',
      'event.data.n > 2999',
      '--limit',
      '1',
    ])
    expect(copied.stdout).toMatch(/ heddle\.cli key=k \{"n":3000\}\n$/)

    const wrong = await run(
      ['publish', 'b', '--events'],
      '{"specversion":"1.0","id":"1","source":"/","type":"t"}\n{}\n',
    )
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('line 2 of stdin')
    const bad = await run(['tail', 'b', '--no-follow', '--filter', 'event.data.n >'])
    expect(bad.code).toBe(2)
    expect(bad.stderr).toContain('HEDDLE_EXPRESSION_INVALID')
  })

  test('tail follows, and ends in peace', async () => {
    await run(['topics', 'create', 'live'])
    const tail = new Running(['tail', 'live', '--from', 'earliest', '--url', url])
    await run(['publish', 'live', 'hello'])
    expect(await tail.line((line) => line.includes('hello'))).toMatch(/ heddle\.cli hello$/)
    expect(await tail.end('SIGINT')).toBe(0)
  })

  test('topologies: list, describe, deactivate, activate, rebalance, kill', async () => {
    await run(['publish', 'words', 'hello'])
    const tail = new Running(['tail', 'shouts', '--from', 'earliest', '--limit', '1', '--url', url])
    await tail.line((line) => line.includes('HELLO'))

    expect((await run(['topologies'])).stdout).toMatch(/^shout +active +at-least-once/m)
    const described = await run(['topologies', 'describe', 'shout'])
    expect(described.stdout).toContain('upper')
    const json = JSON.parse((await run(['topologies', 'describe', 'shout', '--json'])).stdout) as {
      metrics: { components: { component: string; executed: number }[] }
    }
    expect(json.metrics.components.find(({ component }) => component === 'upper')).toMatchObject({
      executed: 1,
    })
    expect((await run(['topologies', 'deactivate', 'shout'])).stdout).toContain('shout is inactive')
    expect((await run(['topologies', 'activate', 'shout'])).stdout).toContain('shout is active')
    expect((await run(['topologies', 'rebalance', 'shout', 'upper=3'])).code).toBe(0)
    expect((await run(['topologies', 'rebalance', 'shout', 'upper'])).code).toBe(2)
    expect((await run(['topologies', 'describe', 'none'])).stderr).toContain('HEDDLE_ENGINE_UNKNOWN_TOPOLOGY')
    expect((await run(['topologies', 'kill', 'shout', '--wait', '5s'])).code).toBe(0)
    expect((await run(['topologies'])).stdout).toBe('no topology runs there\n')
  })

  test('metrics name what went through', async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toMatch(/^heddle_gateway_published_events_total\{topic="a",mode="\w+"\} \d+$/m)
    expect(text).toMatch(/^heddle_partition_latest_offset\{topic="a",partition="\d"\} \d+$/m)
    expect(text).toContain('process_resident_memory_bytes')
  })

  test('a second host on the same address says so', async () => {
    using other = temporaryFolder()
    const { code, stderr } = await heddle(['up', '--http', new URL(url).port, '--data', other.at('data')])
    expect(code).toBe(1)
    expect(stderr).toContain('HEDDLE_ADDRESS_IN_USE')
  })
})
