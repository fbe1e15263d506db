import type { ComponentCode, PlanComponent } from '@heddle/core'
import { roleOf } from './operator.ts'

/** How the elements of a window become one value. What is kept (`init`, `add`) may be more than what is told (`result`). */
export interface Aggregation {
  readonly init: () => unknown
  readonly add: (value: unknown, element: unknown) => unknown
  /** Makes one of two, the earlier one first. */
  readonly merge: (earlier: unknown, later: unknown) => unknown
  readonly result: (value: unknown) => unknown
}

interface Mean {
  readonly sum: number
  readonly count: number
}

const same = (value: unknown): unknown => value

/** The aggregation that a component's config names. */
export function aggregationOf(component: PlanComponent, code: ComponentCode): Aggregation {
  const of = (): ((element: unknown) => number) => roleOf(component, code, 'of')
  switch (component.config['aggregate']) {
    case 'count':
      return numbers(
        0,
        (count) => count + 1,
        (a, b) => a + b,
      )
    case 'sum':
      return numeric(of(), 0, (a, b) => a + b)
    case 'min':
      return extreme(of(), Math.min)
    case 'max':
      return extreme(of(), Math.max)
    case 'average': {
      const number = of()
      return {
        init: (): Mean => ({ sum: 0, count: 0 }),
        add: (value, element): Mean => {
          const { sum, count } = value as Mean
          return { sum: sum + number(element), count: count + 1 }
        },
        merge: (a, b): Mean => ({
          sum: (a as Mean).sum + (b as Mean).sum,
          count: (a as Mean).count + (b as Mean).count,
        }),
        result: (value) => (value as Mean).sum / (value as Mean).count,
      }
    }
    case 'collect':
      return collect(component)
    default:
      return {
        init: roleOf(component, code, 'init'),
        add: roleOf(component, code, 'add'),
        merge: (code['merge'] as Aggregation['merge'] | undefined) ?? cannotMerge,
        result: same,
      }
  }
}

function numbers(
  zero: number,
  add: (value: number, element: unknown) => number,
  merge: (a: number, b: number) => number,
): Aggregation {
  return {
    init: () => zero,
    add: add as Aggregation['add'],
    merge: merge as Aggregation['merge'],
    result: same,
  }
}

const numeric = (
  of: (element: unknown) => number,
  zero: number,
  merge: (a: number, b: number) => number,
): Aggregation => numbers(zero, (value, element) => merge(value, of(element)), merge)

/** JSON has no infinity to begin with. */
function extreme(of: (element: unknown) => number, choose: (a: number, b: number) => number): Aggregation {
  const merge = (a: unknown, b: unknown): unknown =>
    a === null ? b : b === null ? a : choose(a as number, b as number)
  return { init: () => null, add: (value, element) => merge(value, of(element)), merge, result: same }
}

function collect(component: PlanComponent): Aggregation {
  const limit = component.config['limit'] as number
  const within = (elements: readonly unknown[]): readonly unknown[] => {
    if (elements.length <= limit) return elements
    throw new RangeError(
      `a window of '${component.id}' has more than ${limit} elements: raise the limit, or aggregate them`,
    )
  }
  return {
    init: () => [],
    add: (value, element) => within([...(value as unknown[]), element]),
    merge: (a, b) => within([...(a as unknown[]), ...(b as unknown[])]),
    result: same,
  }
}

function cannotMerge(): never {
  throw new TypeError('this aggregation has no merge')
}
