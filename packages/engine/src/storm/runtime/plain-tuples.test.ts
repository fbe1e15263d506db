import { type PlanComponent, fromTopic, java, shell, topology } from '@heddle/core'
import { expect, test } from 'vitest'
import { ComponentStats } from '../../local/component-stats.ts'
import { Root, type RootOwner } from '../../local/root.ts'
import { Deframer } from '../../multilang/framing.ts'
import { Commands } from './commands.ts'
import { Outbox } from './outbox.ts'
import { plainTuple } from './plain-tuples.ts'
import { portsOf } from './ports.ts'
import { SentBatches } from './sent-batches.ts'

const t = topology.graph('mix')
const words = t.spout('words', fromTopic('words'), { fields: ['word', 'n'] })
const shouted = t.bolt('shout', shell('shout'), { fields: ['loud', 'n'] }).fields(words, 'word')
t.bolt('count', java('Count')).shuffle(words)
t.bolt('ours', () => {}).shuffle(shouted)
const { plan } = t

const settings = {
  maxBatch: 1,
  maxBatchBytes: 1,
  maxUnderWay: 8,
  lingerMs: 0,
  hangTimeoutMs: 1,
  errorIntervalMs: 1,
}

/** The spout, what it sends, and what became of its roots. */
function spout() {
  const sent: unknown[] = []
  const deframer = new Deframer(1e6)
  const commands = new Commands((text) => void sent.push(...deframer.push(Buffer.from(text))))
  const batches = new SentBatches(commands)
  const refused: unknown[] = []
  const component = plan.components.find(({ id }) => id === 'words') as PlanComponent
  const ports = portsOf({
    plan,
    component,
    task: 1,
    tasks: new Map([
      ['words', [1]],
      ['shout', [2]],
      ['count', [3]],
      ['ours', [4]],
    ]),
    outbox: new Outbox(settings, batches.send),
    sendPlain: batches.sendPlain,
    stats: new ComponentStats(component, 0),
    refused: (_, error) => void refused.push(error),
  })
  const became: string[] = []
  const owner: RootOwner = {
    begun() {},
    done: () => void became.push('done'),
    failed: () => void became.push('failed'),
  }
  const emit = (values: Readonly<Record<string, unknown>>): void => {
    const root = new Root(owner, 0)
    ports.get('default')!.send(values, root, undefined, 0, undefined)
    root.release()
  }
  return { batches, sent, refused, became, emit }
}
const turn = (): Promise<void> => new Promise(setImmediate)

test('what others take is sent once, with its values in order, and done when Storm acks it', async () => {
  const { batches, sent, became, emit } = spout()
  emit({ n: 1, word: 'a' })
  await turn()
  expect(sent).toEqual([
    { command: 'emit', need_task_ids: false, id: '1', stream: 'default', tuple: ['a', 1] },
  ])
  expect(became).toEqual([])
  batches.acked('1')
  expect(became).toEqual(['done'])
})

test('what Storm fails comes again', async () => {
  const { batches, became, emit } = spout()
  emit({ n: 1, word: 'a' })
  batches.failed('1')
  expect(became).toEqual(['failed'])
})

test('what JSON cannot have is refused, and nothing is sent', async () => {
  const { sent, refused, emit } = spout()
  emit({ n: 1n, word: 'a' })
  await turn()
  expect(sent).toEqual([])
  expect(String(refused[0])).toContain('BigInt')
})

test('what others send has its values by the fields that they declare', () => {
  const owner: RootOwner = { begun() {}, done() {}, failed() {} }
  const message = { id: '7', comp: 'shout', stream: 'default', task: 2 }
  expect(plainTuple(plan, { ...message, tuple: ['A', 1] }, owner, 0)).toMatchObject({
    values: { loud: 'A', n: 1 },
    component: 'shout',
    stream: 'default',
    task: 2,
  })
  expect(() => plainTuple(plan, { ...message, tuple: ['A'] }, owner, 0)).toThrow(
    "'shout' emitted 1 values, and the stream has the fields loud, n",
  )
})
