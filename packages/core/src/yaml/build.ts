import type { Node } from 'yaml'
import type { CelScope } from '../cel/environment.ts'
import { errorMessage, isHeddleError } from '../errors.ts'
import { placed } from '../topology/call-site.ts'
import { End } from '../topology/end.ts'
import type { StepOptions } from '../topology/step-options.ts'
import type { BranchText } from './branch.ts'
import { compileText } from './cel-text.ts'
import { type Reader, rangeOf } from './reader.ts'
import { elementType, unknownScope, valueScope } from './scope.ts'
import type { Flow, Place, Sources, StepBuilding } from './step-kind.ts'
import type { StepOptionText } from './step-options.ts'
import type { StepText } from './steps.ts'

/** Builds the flows of one file. */
export class Builder {
  readonly #reader: Reader
  readonly #sources: Sources

  constructor(reader: Reader, sources: Sources) {
    this.#reader = reader
    this.#sources = sources
  }

  /** Steps to an end. `place` is where that would be missing. */
  branch(start: Flow, { steps = [], to = [], drop }: BranchText, { node: place, whole }: Place): End {
    const flow = this.#follow(start, steps)
    if (flow instanceof End) {
      if (to.length > 0 || drop)
        this.#reader.mistake(
          steps.at(-1)!.node,
          "this leads all elements elsewhere, so that nothing is left for the 'to' or 'drop' after it",
        )
      return flow
    }
    if (to.length > 0 === (drop === true))
      this.#reader.consequence(
        place,
        drop
          ? "it cannot go somewhere ('to') and nowhere ('drop')"
          : "this goes nowhere: say 'to: TOPIC', or 'drop: true'",
        whole,
      )
    if (to.length === 0) return flow.stream.drop()
    const ends = to.map(({ target, ...options }) =>
      placed(this.#place(place), () =>
        flow.stream.to('topic' in target ? this.#sources.topic(target.topic) : target, options),
      ),
    )
    return ends.length === 1 ? ends[0]! : this.#sources.all(ends)
  }

  /** Steps that lead on. */
  #steps(start: Flow, steps: readonly StepText[]): Flow {
    const flow = this.#follow(start, steps)
    if (!(flow instanceof End)) return flow
    this.#reader.mistake(steps.at(-1)!.node, 'this leads all elements elsewhere, and here they are needed')
    return start
  }

  #follow(start: Flow, steps: readonly StepText[]): Flow | End {
    let flow = start
    for (const [index, each] of steps.entries()) {
      const next = this.#step(flow, each)
      if (!(next instanceof End)) {
        flow = next
        continue
      }
      const more = steps[index + 1]
      if (more)
        this.#reader.mistake(more.node, 'nothing comes here: the step before leads all elements elsewhere')
      return next
    }
    return flow
  }

  #step(flow: Flow, { kind, value, options, node }: StepText): Flow | End {
    const building: StepBuilding = {
      reader: this.#reader,
      node,
      options: this.#options(flow.scope, options, node),
      compile: (text, scope, wanted) =>
        compileText(text, scope, wanted, this.#reader) ?? { type: 'dyn', evaluate: () => undefined },
      branch: (from, branch, at = { node }) => this.branch(from, branch, at),
      steps: (from, steps) => this.#steps(from, steps),
      sources: this.#sources,
    }
    try {
      return placed(this.#place(node), () => kind.build(flow, value, building))
    } catch (error) {
      if (!isHeddleError(error) && !(error instanceof RangeError)) throw error
      this.#reader.consequence(node, isHeddleError(error) ? error.detail : errorMessage(error))
      return { stream: flow.stream, scope: unknownScope }
    }
  }

  #options(scope: CelScope, { onError, ...rest }: StepOptionText, node: Node): StepOptions<unknown> {
    if (!onError) return rest
    const failure = valueScope({
      fields: {
        value: elementType(scope),
        error: { fields: { code: 'string', message: 'string', stack: 'string' } },
        attempts: 'double',
        component: 'string',
      },
    })
    return { ...rest, onError: (stream) => this.branch({ stream, scope: failure }, onError, { node }) }
  }

  #place(node: Node): string {
    return this.#reader.source.place(rangeOf(node)[0])
  }
}
