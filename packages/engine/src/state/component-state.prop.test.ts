import type { Bytes, KeyRange, Store, Transaction } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ComponentState, byBytes } from './component-state.ts'
import { TaskState } from './task-state.ts'
import { UndoLog } from './undo-log.ts'

/** A store as the port has it, with what was committed. */
class CommittedStore implements Store {
  readonly name = 's'
  readonly values = new Map<string, Bytes>()

  get(key: string): Bytes | undefined {
    return this.values.get(key)
  }

  *entries({ gte = '' }: KeyRange = {}): Iterable<readonly [string, Bytes]> {
    const keys = [...this.values.keys()].filter((key) => byBytes(key, gte) >= 0).sort(byBytes)
    for (const key of keys) yield [key, this.values.get(key)!]
  }

  size(): number {
    return this.values.size
  }

  put(key: string, value: Bytes | null): void {
    if (value === null) this.values.delete(key)
    else this.values.set(key, value)
  }
}

const key = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'é', '𝄞', '\uffee')
const step = fc.oneof(
  fc.record({ what: fc.constant('put' as const), key, value: fc.jsonValue() }),
  fc.record({ what: fc.constant('delete' as const), key }),
  fc.record({
    what: fc.constantFrom('keep' as const, 'undo' as const, 'freeze' as const, 'commit' as const),
  }),
)

test('reads what was written, through attempts that fail, freezing and commits', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 3 }), (steps, cacheEntries) => {
      const store = new CommittedStore()
      const shared = new ComponentState(store, cacheEntries)
      const undo = new UndoLog()
      const task = new TaskState(shared, undo)
      let model = new Map<string, unknown>()
      let kept = new Map(model)
      let frozen = false
      const commit = (): void => {
        const transaction = { put: (_: Store, name: string, value: Bytes | null) => store.put(name, value) }
        shared.write(transaction as Transaction)
        shared.settle()
        frozen = false
      }
      for (const each of steps) {
        if (each.what === 'put') {
          task.put(each.key, each.value)
          model.set(each.key, each.value)
        } else if (each.what === 'delete') {
          task.delete(each.key)
          model.delete(each.key)
        } else if (each.what === 'keep') {
          undo.keep()
          kept = new Map(model)
        } else if (each.what === 'undo') {
          undo.undo()
          model = new Map(kept)
        } else if (each.what === 'freeze') {
          if (frozen) commit()
          shared.freeze()
          frozen = true
        } else if (frozen) commit()
        const sorted = [...model].sort(([a], [b]) => byBytes(a, b))
        expect([...task.entries()]).toEqual(sorted)
        expect([...task.entries('a/')]).toEqual(sorted.filter(([name]) => name.startsWith('a/')))
        expect(task.get('a')).toEqual(model.get('a'))
      }
      undo.keep()
      if (frozen) commit()
      shared.freeze()
      commit()
      const found = [...new TaskState(new ComponentState(store, 0), undefined).entries()]
      expect(found).toEqual([...model].sort(([a], [b]) => byBytes(a, b)))
    }),
  )
})

test('keys are in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      expect(Math.sign(byBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})
