import { ManualClock, type RecordInput } from '@heddle/core'
import { expect, test } from 'vitest'
import { Root, type RootOwner } from '../../local/root.ts'
import { Outbox } from './outbox.ts'

const settings = {
  maxBatch: 3,
  maxBatchBytes: 100,
  maxUnderWay: 2,
  lingerMs: 10,
  hangTimeoutMs: 1,
  errorIntervalMs: 1,
}
const [one, two] = [
  { stream: 'to-x', place: 0 },
  { stream: 'to-x', place: 1 },
]
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function outbox(): { sent: [number, string[]][]; done: number; box: Outbox; root: () => Root } {
  const sent: [number, string[]][] = []
  const made = {
    sent,
    done: 0,
    box: new Outbox(settings, (to, records, roots) => {
      sent.push([to.place, records.map(({ value }) => value as string)])
      for (const root of roots) root.release()
    }),
    root: () => new Root(owner, 0),
  }
  const owner: RootOwner = { begun: () => {}, failed: () => {}, done: () => void made.done++ }
  return made
}
const record = (value: string): RecordInput => ({ value })

test('what comes in one turn goes together, by task', async () => {
  const { sent, box, root } = outbox()
  box.add(one, record('a'), root())
  box.add(two, record('b'), root())
  box.add(one, record('c'), root())
  expect(sent).toEqual([])
  await turn()
  expect(sent).toEqual([
    [0, ['a', 'c']],
    [1, ['b']],
  ])
  box.add(two, record('d'), root())
  await turn()
  expect(sent.at(-1)).toEqual([1, ['d']])
})

test('a full batch goes at once: by number, or by bytes', () => {
  const { sent, box, root } = outbox()
  for (const value of ['a', 'b', 'c', 'd']) box.add(one, record(value), root())
  box.add(one, record('x'.repeat(100)), root())
  expect(sent).toEqual([
    [0, ['a', 'b', 'c']],
    [0, ['d', 'x'.repeat(100)]],
  ])
})

test('a root is held until its tuple is sent, and one that was given up is not sent', async () => {
  const made = outbox()
  const [first, second] = [made.root(), made.root()]
  made.box.add(one, record('a'), first)
  made.box.add(one, record('b'), second)
  first.release()
  second.release()
  expect(made.done).toBe(0)
  second.fail(new Error('late'))
  await turn()
  expect(made.sent).toEqual([[0, ['a']]])
  expect(made.done).toBe(1)
})

test('a task with batches under way gets the next one when it is full, one is done, or a while is over', async () => {
  const clock = new ManualClock()
  const sent: string[][] = []
  let underWay = 2
  const owner: RootOwner = { begun: () => {}, failed: () => {}, done: () => {} }
  const box = new Outbox(settings, (_, records) => sent.push(records.map(({ value }) => value as string)), {
    underWay: () => underWay,
    clock,
  })
  const add = (value: string): void => box.add(one, record(value), new Root(owner, 0))
  add('a')
  await turn()
  add('b')
  await turn()
  expect(sent).toEqual([])
  add('c')
  expect(sent).toEqual([['a', 'b', 'c']])
  add('d')
  await turn()
  underWay = 1
  box.more()
  await turn()
  expect(sent.at(-1)).toEqual(['d'])
  underWay = 2
  add('e')
  await turn()
  expect(sent.length).toBe(2)
  await clock.advance(10)
  await turn()
  expect(sent.at(-1)).toEqual(['e'])
})
