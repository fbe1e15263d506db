import type { Bytes, KeyRange, Store, TimerKind, Transaction } from '@heddle/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ComponentState, byBytes } from './component-state.ts'
import { ComponentTimers } from './timers.ts'
import { UndoLog } from './undo-log.ts'

const key = fc.constantFrom('a', 'a/1', '𝄞', '\uffee')
const kind = fc.constantFrom<TimerKind>('event', 'processing')
const time = fc.integer({ min: -3, max: 6 })
const step = fc.oneof(
  fc.record({ what: fc.constant('set' as const), key, kind, time }),
  fc.record({ what: fc.constant('delete' as const), key, kind }),
  fc.record({ what: fc.constant('due' as const), kind, time, limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ what: fc.constantFrom('keep' as const, 'undo' as const, 'commit' as const) }),
)

test('those that are due are found in order, whatever was set, moved, deleted, taken back and committed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const values = new Map<string, Bytes>()
      const state = new ComponentState(storeOf(values), 0)
      const undo = new UndoLog()
      const timers = new ComponentTimers(state)
      const ofTask = timers.forTask(undo)
      const none = { event: new Map<string, number>(), processing: new Map<string, number>() }
      let model = none
      let kept = none
      const found: unknown[] = []
      const expected: unknown[] = []
      const change = (of: TimerKind, run: (changed: Map<string, number>) => void): void => {
        const changed = new Map(model[of])
        run(changed)
        model = { ...model, [of]: changed }
      }
      for (const each of steps) {
        if (each.what === 'set') {
          ofTask.set(each.key, each.time, each.kind)
          change(each.kind, (changed) => changed.set(each.key, each.time))
        } else if (each.what === 'delete') {
          ofTask.delete(each.key, each.kind)
          change(each.kind, (changed) => changed.delete(each.key))
        } else if (each.what === 'due') {
          const due = [...model[each.kind]]
            .filter(([, at]) => at <= each.time)
            .sort((a, b) => a[1] - b[1] || byBytes(a[0], b[0]))
          const next = Math.min(...model[each.kind].values())
          found.push([
            timers.next(each.kind) <= next,
            timers.due(each.kind, each.time, each.limit).map((timer) => [timer.key, timer.time]),
            timers.dueWith(each.limit, each.kind, each.time),
          ])
          expected.push([true, due.slice(0, each.limit), due[each.limit - 1]?.[1] ?? Infinity])
        } else if (each.what === 'undo') {
          undo.undo()
          model = kept
        } else {
          undo.keep()
          kept = model
          if (each.what === 'keep') continue
          state.freeze()
          state.write({ put: (_, place, value) => put(values, place, value) } as Transaction)
          state.settle()
        }
      }
      expect(found).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

const storeOf = (values: ReadonlyMap<string, Bytes>): Store => ({
  name: 's',
  get: (place) => values.get(place),
  *entries({ gte = '' }: KeyRange = {}) {
    const places = [...values.keys()].filter((place) => byBytes(place, gte) >= 0).sort(byBytes)
    for (const place of places) yield [place, values.get(place)!] as const
  },
  size: () => values.size,
})

function put(values: Map<string, Bytes>, place: string, value: Bytes | null): void {
  if (value === null) values.delete(place)
  else values.set(place, value)
}
