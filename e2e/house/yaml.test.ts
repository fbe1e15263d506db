import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createClient } from '@heddle/client'
import { expect, test } from 'vitest'
import { Running, heddle, temporaryFolder } from './cli.ts'

/** A topology whose schema is a file beside it. */
const routes = (by: string, more = ''): string => `topology: routes
guarantee: exactly-once
topics:
  in: { schema: ./in.schema.json }
from: in
steps:
  - map: { n: event.data.n, by: "'${by}'" }
${more}to: out
tests:
  - name: numbers are passed on
    publish: { in: [{ data: { n: 1 } }] }
    expect: { out: [{ data: { n: 1, by: v1 } }] }
`
const schema = (field: string): string => JSON.stringify({ properties: { [field]: { type: 'number' } } })

test('dev runs a YAML topology, and loads it again when it or its schema changes', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.at('topologies'))
  const write = (name: string, text: string): void => writeFileSync(folder.at(`topologies/${name}`), text)
  write('in.schema.json', schema('n'))
  write('routes.yaml', routes('v1'))
  write('other.yaml', 'something: else\n')
  const dev = new Running(['dev', '--json', '--http', '0'], { cwd: folder.path })
  const url = await dev.url()
  expect(dev.lines[0]).toContain('"what":"started"')
  const client = createClient({ url })
  const next = async (n: number): Promise<string> => {
    await client.publish('in', { type: 'n', data: { n } })
    for await (const { event } of client.subscribe<{ n: number; by: string }>('out', { from: 'earliest' }))
      if (event.data.n === n) return event.data.by
    return ''
  }
  const change = (name: string, text: string): Promise<string> => {
    const before = dev.lines.length
    write(name, text)
    return dev.line((line) => line.includes('"what"'), before)
  }

  expect(await next(1)).toBe('v1')
  expect(await change('routes.yaml', routes('v2'))).toContain('"what":"reloaded"')
  expect(await next(2)).toBe('v2')
  const failed = await change('in.schema.json', schema('m'))
  expect(failed).toContain('"what":"failed"')
  expect(failed).toContain("there is no field 'n'")
  expect(await next(3)).toBe('v2')
  expect(await change('in.schema.json', schema('n'))).toContain('"what":"reloaded"')
  expect(await change('routes.yaml', routes('v3', '  - filter: true\n'))).toContain('"what":"reloaded"')
  expect(await next(4)).toBe('v3')
  await client.close()
  expect(await dev.end()).toBe(0)
})

test('the tests in files run, check shows mistakes with their lines, graph draws', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.at('in.schema.json'), schema('n'))
  writeFileSync(folder.at('good.yaml'), routes('v1'))
  writeFileSync(folder.at('other.yaml'), routes('v2').replace('routes', 'other'))
  writeFileSync(folder.at('wrong.yaml'), routes('v1', '  - filtre: true\n'))
  const inFolder = { cwd: folder.path }

  const good = await heddle(['test', 'good.yaml'], inFolder)
  expect(good.stdout).toBe('good.yaml  routes\n  ✓ numbers are passed on\n\n1 passed, 0 failed\n')
  expect(good.code).toBe(0)

  const other = await heddle(['test', 'good.yaml', 'other.yaml'], inFolder)
  expect(other.stdout).toContain(`  ✗ numbers are passed on
      topic out  at other.yaml:12:15
        event 1:
          data.by: expected "v1", and it is "v2"

1 passed, 1 failed
`)
  expect(other.code).toBe(1)
  const asJson = await heddle(['test', '--json', 'other.yaml'], inFolder)
  expect(JSON.parse(asJson.stdout)).toMatchObject([{ tests: [{ failures: [{ where: 'topic out' }] }] }])

  const wrong = await heddle(['check', '.'], inFolder)
  expect(wrong.code).toBe(1)
  expect(wrong.stdout).toContain(`      there is no step 'filtre'; did you mean 'filter'?
        at wrong.yaml:8:5
            - filtre: true
              ^^^^^^`)
  expect((await heddle(['test', 'wrong.yaml'], inFolder)).code).toBe(1)
  expect((await heddle(['test', 'none.yaml'], inFolder)).stderr).toContain('does not exist')

  expect((await heddle(['graph', 'good.yaml'], inFolder)).stdout).toContain('topic out')
  expect(JSON.parse((await heddle(['yaml-schema'])).stdout)).toMatchObject({ title: 'Heddle topology' })
})

test('a step may be a program beside the file', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.at('topologies'))
  copyFileSync(new URL('../multilang/program.ts', import.meta.url), folder.at('topologies/shout.ts'))
  writeFileSync(
    folder.at('topologies/shout.yaml'),
    `topology: shout
guarantee: exactly-once
from: in
steps:
  - map: event.data
  - through: { command: ${JSON.stringify(process.execPath)}, args: [shout.ts], concurrency: 4 }
to: out
`,
  )
  const up = new Running(['up', '--json', '--http', '0', 'topologies/shout.yaml'], { cwd: folder.path })
  const client = createClient({ url: await up.url() })
  await client.publish('in', { type: 'word', data: 'hello' })
  for await (const { event } of client.subscribe('out', { from: 'earliest' })) {
    expect(event.data).toBe('HELLO')
    break
  }
  await client.close()
  expect(await up.end()).toBe(0)
})
