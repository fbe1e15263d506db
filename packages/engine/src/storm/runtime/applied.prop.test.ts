import { openMemoryLog } from '@heddle/log/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeProgress } from '../../local/unfinished.ts'
import { ComponentState } from '../../state/component-state.ts'
import { Applied } from './applied.ts'

const offsets = 30

const step = fc.oneof(
  fc.record({ add: fc.integer({ min: 0, max: offsets - 1 }), times: fc.integer({ min: 1, max: 3 }) }),
  fc.constant('commit' as const),
  fc.constant('crash' as const),
  fc.record({ open: fc.uniqueArray(fc.integer({ min: 0, max: offsets - 1 }), { maxLength: 5 }) }),
)

test('whatever is committed and has not been done for good is known, over crashes; nothing is kept for ever', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const log = await openMemoryLog()
      const transactor = await log.transactor('t')
      const openState = async (): Promise<ComponentState> => new ComponentState(await log.store('t'), 0)
      let state = await openState()
      let applied = new Applied(state)
      const committed = new Set<string>()
      let fresh = new Set<string>()
      const doneForGood = new Set<number>()
      const place = (offset: number) => ({ component: 'in', partition: 0, offset })
      const commit = async (): Promise<void> => {
        applied.save()
        state.freeze()
        const transaction = transactor.begin()
        state.write(transaction)
        await transaction.commit()
        state.settle()
        for (const id of fresh) committed.add(id)
        fresh = new Set()
      }
      for (const each of steps) {
        if (each === 'commit') await commit()
        else if (each === 'crash') {
          fresh = new Set()
          state = await openState()
          applied = new Applied(state)
        } else if ('add' in each)
          for (let at = 0; at < each.times; at++) {
            applied.add(`${each.add}:${at}`, place(each.add))
            fresh.add(`${each.add}:${at}`)
          }
        else {
          // Only what is in the state is acked, and only what is acked is done for good.
          const done = new Set([...committed].map((id) => Number(id.split(':')[0])))
          const unfinished = Array.from({ length: offsets }, (_, n) => n).filter(
            (n) => !done.has(n) || each.open.includes(n),
          )
          applied.forget('in/0', encodeProgress(unfinished, offsets))
          for (let n = 0; n < offsets; n++) if (!unfinished.includes(n)) doneForGood.add(n)
        }
        for (const id of [...committed, ...fresh]) {
          const offset = Number(id.split(':')[0])
          // What was done for good is forgotten in a crash: its spout does not send it again.
          expect(doneForGood.has(offset) || applied.has(id, place(offset))).toBe(true)
        }
      }
      await commit()
      applied.forget('in/0', { offset: offsets })
      expect(applied.size).toBe(0)
      for (const id of committed) expect(applied.has(id, place(Number(id.split(':')[0])))).toBe(true)
      await log.close()
    }),
    { numRuns: 60 },
  )
})

test('what has no place is not known again', async () => {
  const log = await openMemoryLog()
  const applied = new Applied(new ComponentState(await log.store('t'), 0))
  applied.add('x', undefined)
  expect(applied.has('x', undefined)).toBe(false)
  expect(applied.changed).toBe(false)
  await log.close()
})
