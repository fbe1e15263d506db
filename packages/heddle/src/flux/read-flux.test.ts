import { isHeddleError } from '@heddle/core'
import { expect, test } from 'vitest'
import { readFlux } from './read-flux.ts'

const read = (text: string) =>
  readFlux(text, { file: 'f.yaml', programs: () => ({ cwd: '/programs', files: ['.'] }) })

const mistakesOf = (text: string): readonly string[] => {
  try {
    read(text)
  } catch (error) {
    if (!isHeddleError(error, 'HEDDLE_TOPOLOGY_INVALID')) throw error
    const mistakes = error.info['mistakes'] as readonly { place?: string; message: string }[]
    return mistakes.map(({ place, message }) => `${place} ${message}`)
  }
  return []
}

const whole = `
name: word-count
config:
  topology.workers: 2
  topology.message.timeout.secs: 60
  topology.max.spout.pending: 100
components:
  - { id: zkHosts, className: org.example.Hosts }
spouts:
  - id: sentences
    className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout
    constructorArgs: [[node, sentences.js], [sentence]]
    parallelism: 2
bolts:
  - id: split
    className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt
    constructorArgs: [[python3, split.py]]
    configMethods:
      - { name: setDefaultStream, args: [[word]] }
      - { name: setNamedStream, args: [long, [word, length]] }
      - { name: addComponentConfig, args: [rabbit.file, etc/rabbit.yml] }
      - { name: addComponentConfig, args: [topology.tick.tuple.freq.secs, 5] }
      - { name: setEnv, args: [{ LANG: C }] }
    parallelism: 2
    numTasks: 4
  - id: count
    className: org.example.CountBolt
    constructorArgs: [words, 10, true, 3000000000]
    config: { heddle.fields: [word, count], x: 1 }
    cpuLoad: 20
  - id: log
    className: org.apache.storm.flux.wrappers.bolts.LogInfoBolt
streams:
  - { name: a, from: sentences, to: split, grouping: { type: SHUFFLE } }
  - { from: split, to: count, grouping: { type: FIELDS, args: [word] } }
  - { from: split, to: log, grouping: { type: NONE, streamId: long } }
  - { from: count, to: log, grouping: { type: LOCAL_OR_SHUFFLE } }
  - { from: sentences, to: log, grouping: { type: ALL } }
  - { from: split, to: log, grouping: { type: GLOBAL } }
  - { from: split, to: log, grouping: { type: DIRECT } }
`

test('a Flux file is a topology, with programs and classes in Java', () => {
  const { plan } = read(whole)
  expect(plan.name).toBe('word-count')
  expect(plan.settings).toMatchObject({
    messageTimeoutMs: 60_000,
    maxPending: 100,
    storm: { 'topology.workers': 2 },
  })
  const [sentences, split, count, log] = plan.components
  expect(sentences).toMatchObject({
    id: 'sentences',
    kind: 'spout',
    operator: 'shell',
    parallelism: 2,
    streams: { default: ['sentence'] },
    config: { command: 'node', args: ['sentences.js'], cwd: '/programs', files: ['.'] },
  })
  expect(split).toMatchObject({
    parallelism: 4,
    streams: { default: ['word'], long: ['word', 'length'] },
    config: {
      command: 'python3',
      args: ['split.py'],
      env: { LANG: 'C' },
      tickMs: 5000,
      conf: { 'topology.workers': 2, 'rabbit.file': 'etc/rabbit.yml' },
    },
  })
  expect(count).toMatchObject({
    operator: 'java',
    streams: { default: ['word', 'count'] },
    config: {
      class: 'org.example.CountBolt',
      args: [{ string: 'words' }, { int: 10 }, { boolean: true }, { long: '3000000000' }],
      conf: { x: 1, 'topology.component.cpu.pcore.percent': 20 },
    },
  })
  expect(log!.inputs.map(({ from, stream, grouping }) => `${from}/${stream} ${grouping.kind}`)).toEqual([
    'split/long shuffle',
    'count/default local-or-shuffle',
    'sentences/default all',
    'split/default global',
    'split/default direct',
  ])
})

const spout = `spouts:
  - id: s
    className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout
    constructorArgs: [[cat], [word]]
`
const bolt = (lines: string): string => `name: t
${spout}bolts:
  - id: b
${lines.replaceAll(/^/gm, '    ')}
streams:
  - { from: s, to: b, grouping: { type: SHUFFLE } }
`
const shellBolt = 'className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt\n'

test.each([
  [
    'a bolt for a spout',
    bolt('className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout'),
    'f.yaml:8:16 this is a spout; a bolt is',
  ],
  ['no command', bolt(shellBolt), 'f.yaml:8:16 its constructorArgs begin with the command'],
  [
    'a command that is no list',
    bolt(`${shellBolt}constructorArgs: [cat]`),
    'f.yaml:9:23 this must be the command, a list of texts',
  ],
  [
    'another method',
    bolt(`${shellBolt}constructorArgs: [[cat]]\nconfigMethods: [{ name: changeIt }]`),
    'f.yaml:10:29 there is no such method here: setDefaultStream(fields)',
  ],
  [
    'an object of Java',
    bolt('className: a.B\nconstructorArgs: [{ ref: hosts }]'),
    'f.yaml:9:23 only texts, numbers, true and false can be arguments',
  ],
  [
    'a method of a class',
    bolt('className: a.B\nconfigMethods: [{ name: withX, args: [1] }]'),
    'f.yaml:9:29 methods are called by Java',
  ],
  [
    'properties',
    bolt('className: a.B\nproperties: [{ name: x, value: 1 }]'),
    'f.yaml:9:17 properties are set by Java',
  ],
  [
    'a custom grouping',
    bolt('className: a.B').replace('SHUFFLE', 'CUSTOM'),
    'f.yaml:10:41 a grouping of your own is a class in Java',
  ],
  [
    'fields without names',
    bolt('className: a.B').replace('SHUFFLE', 'FIELDS'),
    "f.yaml:10:41 'args' is missing",
  ],
  [
    'no such grouping',
    bolt('className: a.B').replace('SHUFFLE', 'SHUFLE'),
    "f.yaml:10:41 there is no 'SHUFLE' here; did you mean 'SHUFFLE'?",
  ],
  [
    'a stream from nowhere',
    bolt('className: a.B').replace('from: s', 'from: x'),
    "f.yaml:10:13 there is no 'x'",
  ],
  [
    'a stream to nowhere',
    bolt('className: a.B').replace('to: b', 'to: bb'),
    "f.yaml:10:20 there is no bolt 'bb'; did you mean 'b'?",
  ],
  [
    'a field that is not there',
    bolt('className: a.B').replace('type: SHUFFLE', 'type: FIELDS, args: [wrod]'),
    "f.yaml:7:9 'b' groups by the field 'wrod'",
  ],
  [
    'a file in a file',
    `${bolt('className: a.B')}includes: [{ file: x.yaml }]`,
    'f.yaml:11:11 files are not included',
  ],
  ['no name', spout, "f.yaml:1:1 'name' is missing"],
])('%s is told, with its place', (_, text, mistake) => {
  expect(mistakesOf(text).join('\n')).toContain(mistake)
})
