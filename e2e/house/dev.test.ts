import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { createClient } from '@heddle/client'
import { expect, test } from 'vitest'
import { Running, heddle, installHeddle, temporaryFolder } from './cli.ts'
import { Traffic } from './traffic.ts'

interface Numbered {
  readonly n: number
  readonly by: string
}

/** A project whose topology names the version that a helper file gives it. */
function project(folder: string): void {
  installHeddle(folder)
  mkdirSync(`${folder}/topologies/lib`, { recursive: true })
  writeVersion(folder, 'v1')
  writeFileSync(
    `${folder}/topologies/copy.ts`,
    `import { topic, topology } from 'heddle'
import { version } from './lib/version.ts'

export default topology('copy', { guarantee: 'exactly-once' })
  .from(topic<{ n: number }>('in'))
  .map((event) => ({ ...event, data: { n: event.data.n, by: version } }))
  .to(topic('out'))
`,
  )
}

const writeVersion = (folder: string, version: string): void =>
  writeFileSync(`${folder}/topologies/lib/version.ts`, `export const version: string = '${version}'\n`)

test('dev reloads a topology whose helper changed, under traffic, and every event comes out once', async () => {
  using folder = temporaryFolder()
  project(folder.path)
  const dev = new Running(['dev', '--json', '--http', '0'], { cwd: folder.path })
  const url = await dev.url()
  expect(dev.lines[0]).toContain('"what":"started"')

  const client = createClient({ url })
  const stop = new AbortController()
  const seen = new Map<number, string[]>()
  let wake = Promise.withResolvers<void>()
  const reading = (async () => {
    for await (const { event } of client.subscribe<Numbered>('out', {
      from: 'earliest',
      signal: stop.signal,
    })) {
      const { n, by } = event.data
      seen.set(n, [...(seen.get(n) ?? []), by])
      wake.resolve()
      wake = Promise.withResolvers()
    }
  })()
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await wake.promise
  }

  const traffic = new Traffic(url, 'in', 4)
  const seenBy = (version: string): boolean => [...seen.values()].some(([by]) => by === version)
  await until(() => seenBy('v1'))
  for (const version of ['v2', 'v3', 'v4']) {
    const before = dev.lines.length
    writeVersion(folder.path, version)
    expect(await dev.line((line) => line.includes('"what"'), before)).toContain('"what":"reloaded"')
    await until(() => seenBy(version))
  }
  await traffic.stop()
  let n = traffic.begun
  await until(() => seen.size === n)

  // A mistake: it is shown, and the topology of before goes on.
  const before = dev.lines.length
  writeFileSync(folder.at('topologies/lib/version.ts'), 'export const version = (\n')
  expect(await dev.line((line) => line.includes('"what"'), before)).toContain('"what":"failed"')
  await client.publish('in', { type: 'n', data: { n: n++ } })
  await until(() => seen.size === n)
  expect(seen.get(n - 1)).toEqual(['v4'])

  // Corrected, it is loaded again.
  const after = dev.lines.length
  writeVersion(folder.path, 'v5')
  expect(await dev.line((line) => line.includes('"what"'), after)).toContain('"what":"reloaded"')
  await client.publish('in', { type: 'n', data: { n: n++ } })
  await until(() => seen.size === n)
  expect(seen.get(n - 1)).toEqual(['v5'])

  stop.abort()
  await reading
  await client.close()
  expect(await dev.end()).toBe(0)
  expect([...seen.values()].filter((by) => by.length !== 1)).toEqual([])
  expect(new Set([...seen.values()].flat())).toEqual(new Set(['v1', 'v2', 'v3', 'v4', 'v5']))
})

test('dev takes up new topology files, and stops those that are deleted', async () => {
  using folder = temporaryFolder()
  installHeddle(folder.path)
  const dev = new Running(['dev', '--json', '--http', '0'], { cwd: folder.path })
  const url = await dev.url()
  const names = async (): Promise<string[]> =>
    (JSON.parse((await heddle(['topologies', '--json', '--url', url])).stdout) as { name: string }[]).map(
      ({ name }) => name,
    )
  expect(await names()).toEqual([])

  writeFileSync(
    folder.at('late.ts'),
    `import { topic, topology } from 'heddle'\nexport default topology('late').from(topic('a')).to(topic('b'))\n`,
  )
  await dev.line((line) => line.includes('"what":"started"'))
  expect(await names()).toEqual(['late'])
  unlinkSync(folder.at('late.ts'))
  await dev.line((line) => line.includes('"what":"removed"'))
  expect(await names()).toEqual([])
  expect(await dev.end()).toBe(0)
})
