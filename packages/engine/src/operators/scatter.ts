import type { State } from '@heddle/core'
import { type Kept, keep, valueOf } from './kept-element.ts'
import { type OperatorContext, type OperatorFactory, type OperatorOutput, roleOf } from './operator.ts'

/** A copy of each element to every branch, and first to the one that gathers. */
export const scatterOperator: OperatorFactory = (component) => {
  const branches = Object.keys(component.streams)
    .filter((stream) => stream !== 'default' && !stream.startsWith('$'))
    .map((stream) => ({ stream }))
  return {
    execute({ values: { value } }, out) {
      out.emit({ value })
      for (const to of branches) out.emit({ value }, to)
    },
  }
}

interface Waiting {
  readonly request: Kept
  readonly answers: Readonly<Record<string, unknown>>
}

/**
 * Brings together what the branches of a scatter gave for one element.
 *
 * ```
 * state: <id of the element>  →  the element and the answers that are there
 * timer: <id of the element>  →  when time is up
 * ```
 */
export const gatherAnswersOperator: OperatorFactory = (component, code) => {
  const combine = roleOf<(answers: unknown, value: unknown) => unknown>(component, code, 'combine')
  const { branches, timeoutMs } = component.config as unknown as {
    branches: readonly string[]
    timeoutMs: number
  }
  const [request, ...inputs] = component.inputs
  let context: OperatorContext
  let state: State
  const finish = (id: string, { request: kept, answers }: Waiting, out: OperatorOutput): void => {
    const { time } = kept
    out.emit({ value: combine(answers, valueOf(kept)) }, { origin: `${id}:gathered`, time })
  }
  return {
    open(opened) {
      context = opened
      state = opened.state
    },
    execute(tuple, out) {
      const id = tuple.idBelow(request!.from)
      if (tuple.component === request!.from) {
        if (branches.length === 0) return finish(id, { request: keep(tuple, component.id), answers: {} }, out)
        state.put<Waiting>(id, { request: keep(tuple, component.id), answers: {} })
        context.timers.set(id, context.clock.now() + timeoutMs, 'processing')
        return undefined
      }
      const waiting = state.get<Waiting>(id)
      if (!waiting) return out.count('late')
      const at = inputs.findIndex(({ from, stream }) => from === tuple.component && stream === tuple.stream)
      const answers = { ...waiting.answers, [branches[at]!]: tuple.values['value'] }
      if (Object.keys(answers).length < branches.length)
        return state.put<Waiting>(id, { ...waiting, answers })
      state.delete(id)
      context.timers.delete(id, 'processing')
      return finish(id, { ...waiting, answers }, out)
    },
    timer({ key: id }, out) {
      const waiting = state.get<Waiting>(id)
      if (!waiting) return
      state.delete(id)
      finish(id, waiting, out)
    },
  }
}
