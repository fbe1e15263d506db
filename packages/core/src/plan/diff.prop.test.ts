import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PlanDiff, diffPlans, isSamePlan } from './diff.ts'
import type { Plan, PlanComponent } from './plan.ts'
import { stateLayout } from './state-layout.ts'

const retry = { attempts: 3, initialMs: 1, factor: 2, maxMs: 10, jitter: 0 }

const component = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    operator: fc.constantFrom('map', 'dedupe', 'window', 'fold', 'sink', 'bolt'),
    size: fc.integer({ min: 1, max: 3 }),
    parallelism: fc.integer({ min: 1, max: 3 }),
    from: fc.constantFrom('in', 'a', 'b'),
  })
  .map(({ id, operator, size, parallelism, from }): PlanComponent => ({
    id,
    kind: 'bolt',
    operator,
    config: { withinMs: size, kind: operator === 'sink' ? 'http' : 'hopping', sizeMs: size },
    parallelism,
    concurrency: 1,
    retry,
    streams: { default: ['value'] },
    inputs: [{ from, stream: 'default', grouping: { kind: 'shuffle' } }],
  }))

const plan = fc
  .record({
    components: fc.uniqueArray(component, { selector: ({ id }) => id }),
    exact: fc.boolean(),
    topics: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
  })
  .map(({ components, exact, topics }): Plan => ({
    format: 1,
    name: 't',
    settings: {
      guarantee: exact ? 'exactly-once' : 'at-least-once',
      maxPending: 1,
      messageTimeoutMs: 1,
      commitIntervalMs: 1,
      tickIntervalMs: 1,
      maxOutOfOrderMs: 0,
      idleAfterMs: 1,
      deadLetterTopic: 't.dead-letters',
    },
    components,
    topics: topics.map((name) => ({ name })),
  }))

const byId = ({ components }: Plan): Map<string, PlanComponent> =>
  new Map(components.map((each) => [each.id, each]))

/** What the first plan is after the changes. */
function apply(before: Plan, after: Plan, { components, settings }: PlanDiff): Omit<Plan, 'topics'> {
  const made = byId(before)
  for (const { id, change, fields } of components) {
    if (change === 'removed') made.delete(id)
    else if (change === 'added') made.set(id, byId(after).get(id)!)
    else made.set(id, withFields(made.get(id)!, fields))
  }
  return {
    format: 1,
    name: 't',
    settings: withFields(before.settings, settings),
    components: [...made.values()].toSorted((a, b) => a.id.localeCompare(b.id)),
  }
}

function withFields<T extends object>(value: T, fields: PlanDiff['settings']): T {
  const copy = structuredClone(value) as Record<string, unknown>
  for (const { path, after } of fields) {
    const names = path.split('.')
    const last = names.pop()!
    let at = copy
    for (const name of names) at = at[name] as Record<string, unknown>
    if (after === undefined) delete at[last]
    else at[last] = after
  }
  return copy as T
}

test('a plan with what is different is the other plan', () => {
  fc.assert(
    fc.property(plan, plan, (before, after) => {
      const { format, name, settings, components } = after
      expect(apply(before, after, diffPlans(before, after))).toEqual({
        format,
        name,
        settings,
        components: components.toSorted((a, b) => a.id.localeCompare(b.id)),
      })
    }),
  )
})

test('nothing is between a plan and itself, and the way back is the other way round', () => {
  fc.assert(
    fc.property(plan, plan, (before, after) => {
      expect(isSamePlan(diffPlans(before, before))).toBe(true)
      expect(diffPlans(before, before).conflicts).toEqual([])
      const there = diffPlans(before, after)
      const back = diffPlans(after, before)
      const ids = (diff: PlanDiff, change: string): string[] =>
        diff.components
          .filter((each) => each.change === change)
          .map(({ id }) => id)
          .toSorted()
      expect(ids(there, 'added')).toEqual(ids(back, 'removed'))
      expect(ids(there, 'changed')).toEqual(ids(back, 'changed'))
      expect(there.settings.map(({ path, before: a, after: b }) => [path, b, a])).toEqual(
        back.settings.map(({ path, before: a, after: b }) => [path, a, b]),
      )
    }),
  )
})

test('state is kept exactly where the layout is the same, and never lost without leave', () => {
  fc.assert(
    fc.property(plan, plan, fc.subarray(['a', 'b', 'c', 'd', 'e']), (before, after, allowed) => {
      const known = allowed.filter((id) => byId(before).has(id) || byId(after).has(id))
      const { components, conflicts } = diffPlans(before, after, { dropState: known })
      const refused = new Set(conflicts.map((each) => each.component))
      const changes = new Map(components.map((each) => [each.id, each]))
      for (const old of before.components) {
        const layout = stateLayout(old)
        const now = byId(after).get(old.id)
        const fate = changes.get(old.id)?.state ?? (layout === undefined ? 'none' : 'kept')
        const fits = now !== undefined && stateLayout(now) === layout
        const right = layout === undefined ? fate === 'none' || fate === 'new' : (fate === 'kept') === fits
        expect(right).toBe(true)
        const lost = layout !== undefined && !fits && !(old.operator === 'sink' && now === undefined)
        expect(refused.has(old.id)).toBe(lost && !known.includes(old.id))
      }
    }),
  )
})
