import process from 'node:process'
import { event, fromTopic, java, shell, toTopic, topology } from 'heddle'

// On the workers these are not there, nor are they needed: the plan has what they were at the submit.
const { MIX_BROKERS = '', MIX_JARS = '', MIX_PROGRAMS = '' } = process.env
const jars = MIX_JARS.split(':')

const t = topology.graph('mix', { messageTimeout: '60s' })

// Java, then ours, then Python, then ours.
const lines = t.spout('lines', java('LinesSpout', [MIX_BROKERS, 'mix.lines'], { jars }), { fields: ['line'] })
const words = t
  .bolt(
    'split',
    ({ values }, out) => {
      for (const word of String(values['line']).split(' ')) out.emit({ word, pid: process.pid })
    },
    { fields: ['word', 'pid'] },
  )
  .shuffle(lines)
const shout = shell('python3', ['shout.py'], {
  cwd: MIX_PROGRAMS,
  files: ['shout.py', 'packages'],
  env: { PYTHONPATH: 'packages' },
})
const shouted = t.bolt('shout', shout, { fields: ['word', 'pid'], parallelism: 2 }).fields(words, 'word')
// What has gone through a program has no id of its own any more: it is given one, so that it is there once.
t.bolt(
  'shouts',
  toTopic('mix.shouts', ({ word, pid }) =>
    event({ source: '/mix', id: String(word), type: 'shout', data: { word, pid } }),
  ),
).shuffle(shouted)

// Ours, then Java, then ours.
const numbers = t.spout('numbers', fromTopic<number>('mix.numbers'), { fields: ['n'] })
const times = t
  .bolt('times', java('TimesBolt', [7], { jars }), { fields: ['n', 'product'] })
  .localOrShuffle(numbers)
t.bolt(
  'products',
  toTopic('mix.products', ({ n, product }) =>
    event({ source: '/mix', id: String(n), type: 'product', data: { n, product } }),
  ),
).shuffle(times)

// oxlint-disable-next-line import/no-default-export -- as every topology file
export default t
