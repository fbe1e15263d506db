import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isHeddleError } from '@heddle/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkConfig, loadConfig } from './load-config.ts'

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'heddle-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text)

async function mistake(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isHeddleError(error, 'HEDDLE_CONFIG_INVALID'))
    throw new Error(`expected a mistake, not ${String(error)}`)
  return error.detail
}

describe('where values come from', () => {
  test('defaults', async () => {
    const { config, origins, file } = await loadConfig({ cwd, env: {} })
    expect(file).toBeUndefined()
    expect(config).toEqual({
      keyPartitions: 'auto',
      standby: 0,
      push: { allow: [] },
      instance: expect.stringMatching(/^[\w.-]+-[0-9a-f]{6}$/),
      data: join(cwd, 'heddle-data'),
      log: 'embedded',
      http: { host: '127.0.0.1', port: 4333, maxBodyBytes: 16 * 1024 ** 2 },
      topologies: [],
      topics: [],
      webhooks: {},
      kafka: {},
      drainMs: 30_000,
      gateway: { publishTimeoutMs: 5_000, buffer: undefined },
      threads: { isolation: 'thread', memoryBytes: 512 * 2 ** 20, hangTimeoutMs: 30_000 },
      logging: { level: 'info', format: 'auto' },
    })
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
  })

  test('flag before variable before file before default', async () => {
    write('heddle.config.json', JSON.stringify({ data: 'f', drain: '1s', http: { host: '::1', port: 1 } }))
    const { config, origins, file } = await loadConfig({
      cwd,
      env: { HEDDLE_DATA: 'e', HEDDLE_HTTP_PORT: '2', HEDDLE_LOG_LEVEL: '' },
      flags: { data: 'g', 'http.host': undefined },
    })
    expect(file).toBe(join(cwd, 'heddle.config.json'))
    expect(config).toMatchObject({ data: join(cwd, 'g'), drainMs: 1000, http: { host: '::1', port: 2 } })
    expect(origins).toMatchObject({
      data: '--data',
      drain: file,
      'http.host': file,
      'http.port': 'HEDDLE_HTTP_PORT',
      'http.maxBody': 'default',
      'logging.level': 'default',
    })
  })

  test('lists and objects in variables', async () => {
    const hook = { topic: 'github', signature: 'github', secret: 's' }
    const { config } = await loadConfig({
      cwd,
      env: { HEDDLE_TOPOLOGIES: 'a.ts, b', HEDDLE_WEBHOOKS: JSON.stringify({ github: hook }) },
    })
    expect(config.topologies).toEqual([join(cwd, 'a.ts'), join(cwd, 'b')])
    expect(config.webhooks).toEqual({ github: hook })
  })

  test('a YAML file, and a module', async () => {
    write('heddle.config.yaml', 'http:\n  port: 7\ntopics:\n  - name: orders\n    retention: 7d\n')
    expect((await loadConfig({ cwd, env: {} })).config).toMatchObject({
      http: { port: 7 },
      topics: [{ name: 'orders', retention: '7d' }],
    })
    write('heddle.config.ts', 'export default { http: { port: 8 as number } }\n')
    expect((await loadConfig({ cwd, env: {} })).config.http.port).toBe(8)
  })

  test('relative paths of a file start at the file, those of flags at the working folder', async () => {
    mkdirSync(join(cwd, 'etc'))
    write('etc/my.json', JSON.stringify({ data: 'd', topologies: ['t'] }))
    const { config } = await loadConfig({ cwd, env: {}, file: 'etc/my.json' })
    expect(config).toMatchObject({ data: join(cwd, 'etc', 'd'), topologies: [join(cwd, 'etc', 't')] })
    const other = await loadConfig({ cwd, env: {}, file: 'etc/my.json', flags: { data: 'd' } })
    expect(other.config.data).toBe(join(cwd, 'd'))
  })

  test('the way to Kafka: files start at the configuration file, secrets name environment variables', async () => {
    write(
      'heddle.config.yaml',
      `log: kafka+ssl://broker
kafka:
  tls: { ca: ca.pem, cert: certs/me.pem, key: /etc/me.key }
  sasl: { mechanism: SCRAM-SHA-512, username: me, password: '\${KAFKA_PASSWORD}' }
  structured: [orders]
`,
    )
    const { config } = await loadConfig({ cwd, env: { KAFKA_PASSWORD: 'sesame' } })
    expect(config.kafka).toEqual({
      tls: { ca: join(cwd, 'ca.pem'), cert: join(cwd, 'certs/me.pem'), key: '/etc/me.key' },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'me', password: 'sesame' },
      structured: ['orders'],
    })
    const oauth = { sasl: { mechanism: 'OAUTHBEARER', tokenFile: 'token' } }
    const fromVariable = await loadConfig({
      cwd,
      env: { KAFKA_PASSWORD: '', HEDDLE_KAFKA: JSON.stringify(oauth) },
    })
    expect(fromVariable.config.kafka.sasl).toEqual({ ...oauth.sasl, tokenFile: join(cwd, 'token') })
  })

  test.each([
    [{ tls: { cert: 'me.pem' } }, 'kafka.tls: has one of cert and key, and needs both or none'],
    [{ sasl: { mechanism: 'GSSAPI', username: 'a', password: 'b' } }, 'kafka.sasl'],
    [{ tls: { ca: 'x', authority: 'y' } }, 'authority'],
  ])('of %j nothing can be made', async (kafka, wanted) => {
    expect(await mistake(loadConfig({ cwd, env: { HEDDLE_KAFKA: JSON.stringify(kafka) } }))).toContain(wanted)
  })

  test('secrets name environment variables', async () => {
    write(
      'heddle.config.json',
      JSON.stringify({ webhooks: { github: { topic: 't', signature: 'github', secret: 'x-${SECRET}' } } }),
    )
    const { config } = await loadConfig({ cwd, env: { SECRET: 'sesame' } })
    expect(config.webhooks['github']!.secret).toBe('x-sesame')
    expect(await mistake(loadConfig({ cwd, env: {} }))).toContain(
      'webhooks.github.secret: names the environment variable SECRET, which is not set',
    )
  })
})

describe('mistakes', () => {
  test('a wrong value is named with its place and its origin', async () => {
    expect(await mistake(loadConfig({ cwd, env: { HEDDLE_HTTP_PORT: 'http' } }))).toMatch(
      /^http\.port: .*, and is "http" \(from HEDDLE_HTTP_PORT\)$/,
    )
    expect(await mistake(loadConfig({ cwd, env: {}, flags: { drain: 'soon' } }))).toMatch(
      /^drain: .*\(from --drain\)$/,
    )
  })

  test('all mistakes are told at once', async () => {
    const text = await mistake(loadConfig({ cwd, env: { HEDDLE_HTTP_PORT: '-1', HEDDLE_LOG_LEVEL: 'loud' } }))
    expect(text).toContain('http.port:')
    expect(text).toContain('logging.level:')
  })

  test('an unknown setting, with the one that was meant', async () => {
    write('heddle.config.json', JSON.stringify({ topologys: [], http: { prt: 1 } }))
    const text = await mistake(loadConfig({ cwd, env: {} }))
    expect(text).toContain('there is no setting topologys')
    expect(text).toContain("did you mean 'topologies'?")
    expect(text).toContain("did you mean 'http.port'?")
  })

  test('a secret is not shown', async () => {
    const env = { HEDDLE_WEBHOOKS: JSON.stringify({ a: { topic: 't', signature: 'odd', secret: 'sesame' } }) }
    const text = await mistake(loadConfig({ cwd, env }))
    expect(text).toContain('webhooks.a.signature')
    expect(text).not.toContain('sesame')
  })

  test('a signed webhook without a secret', async () => {
    const input = { webhooks: { a: { topic: 't', signature: 'github' as const } } }
    expect(await mistake(checkConfig(input, cwd))).toContain('webhooks.a.secret: is missing')
  })

  test.each([
    ['heddle.config.json', '{'],
    ['heddle.config.json', '[]'],
    ['heddle.config.yaml', 'a: ['],
    ['heddle.config.mjs', 'export const config = {}'],
    ['heddle.config.mjs', 'throw new Error("oh")'],
  ])('%s with %j cannot be read', async (name, text) => {
    write(name, text)
    expect(await mistake(loadConfig({ cwd, env: {} }))).toContain(`${join(cwd, name)} cannot be read`)
  })

  test('a variable that has to be JSON', async () => {
    expect(await mistake(loadConfig({ cwd, env: { HEDDLE_TOPICS: 'orders' } }))).toContain(
      'HEDDLE_TOPICS must be JSON',
    )
  })
})
