// A bolt in Ruby on JRuby, as the first workers of this kind of fabric were. What it emits is grouped in TypeScript.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heddle/client'
import { createFabric, fromTopic, shell, topic, topology } from 'heddle'

const run = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0

const there = (): boolean => run('sh', '-c', 'command -v jruby')
if (!there() && process.getuid?.() === 0 && run('sh', '-c', 'command -v apt-get')) {
  console.log('installing jruby from Debian')
  run('apt-get', 'update', '-qq')
  run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'jruby', 'default-jre-headless')
}
if (!there()) {
  console.log('skipped: it needs jruby (apt-get install jruby)')
  process.exit(process.env['CI'] === 'true' ? 1 : 0)
}

const t = topology.graph('anagrams', { guarantee: 'exactly-once' })
const words = t.spout('words', fromTopic<string>('words'), { fields: ['word'] })
const sorted = t
  .bolt('letters', shell('jruby', ['anagrams.rb'], { cwd: import.meta.dirname }), {
    fields: ['letters', 'word'],
  })
  .shuffle(words)
t.flow('groups', sorted, (s) =>
  s
    .keyBy(({ letters }) => letters as string)
    .fold<string[]>(
      () => [],
      (all, { word }) => [...all, word as string].sort(),
    )
    .filter((all) => all.length > 1)
    .to(topic('anagrams')),
)

const data = mkdtempSync(join(tmpdir(), 'heddle-jruby-'))
const fabric = await createFabric({ data, http: { port: 0 } }, { topologies: [t] })
const client = createClient({ url: fabric.url })
await client.publish(
  'words',
  ['loom', 'thread', 'mool', 'dearth', 'weft', 'hatred'].map((word) => ({ type: 'word', data: word })),
)

const found: string[] = []
for await (const { event } of client.subscribe<readonly string[]>('anagrams', { from: 'earliest' })) {
  console.log(event.data.join(' '))
  found.push(event.data.join(' '))
  if (found.length === 3) break
}
assert.ok(found.includes('dearth hatred thread'))
assert.ok(found.includes('loom mool'))

await client.close()
await fabric.close()
rmSync(data, { recursive: true })
