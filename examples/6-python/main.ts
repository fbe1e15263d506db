// A bolt in Python: any program that speaks Storm's multilang protocol can be a component. This one is written with pystorm.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heddle/client'
import { createFabric, fromTopic, shell, toTopic, topology } from 'heddle'

const data = mkdtempSync(join(tmpdir(), 'heddle-python-'))
const packages = join(data, 'python')
const python = spawnSync(
  'python3',
  ['-m', 'pip', 'install', '--quiet', '--root-user-action=ignore', '--target', packages, 'pystorm==3.1.4'],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
  },
)
if (python.status !== 0) {
  rmSync(data, { recursive: true })
  console.log('skipped: it needs python3 with pip, and pystorm from the Python Package Index')
  process.exit(process.env['CI'] === 'true' ? 1 : 0)
}

const t = topology.graph('reviews', { guarantee: 'exactly-once' })
const reviews = t.spout('reviews', fromTopic<string>('reviews'), { fields: ['text'] })
const score = shell('python3', ['score.py'], { cwd: import.meta.dirname, env: { PYTHONPATH: packages } })
const scored = t.bolt('score', score, { fields: ['text', 'score'] }).shuffle(reviews)
t.bolt('out', toTopic('scores')).shuffle(scored)

const fabric = await createFabric({ data: join(data, 'log'), http: { port: 0 } }, { topologies: [t] })
const client = createClient({ url: fabric.url })

const texts = ['I love it, great and fast', 'slow and broken', 'it is a thing']
await client.publish(
  'reviews',
  texts.map((text) => ({ type: 'review', data: text })),
)

const scores: Record<string, number> = {}
for await (const { event } of client.subscribe<{ text: string; score: number }>('scores', {
  from: 'earliest',
})) {
  scores[event.data.text] = event.data.score
  console.log(`${event.data.score}  ${event.data.text}`)
  if (Object.keys(scores).length === texts.length) break
}
assert.deepEqual(scores, { [texts[0]!]: 3, [texts[1]!]: -2, [texts[2]!]: 0 })

await client.close()
await fabric.close()
rmSync(data, { recursive: true })
