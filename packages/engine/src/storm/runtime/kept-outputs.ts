import type { RecordInput } from '@heddle/core'
import type { Root } from '../../local/root.ts'
import { StreamPort } from '../../local/stream-port.ts'
import { timesRecord } from '../../stages/carried.ts'
import { carryRoute } from '../../stages/carry-route.ts'
import type { ComponentContext } from './component-context.ts'
import { outputsTopic, takersOf } from './outputs.ts'
import { rememberedIn } from './ports.ts'
import { sourceName } from './time-sources.ts'

/**
 * What a task of a transactional component has emitted since its last commit: once for each stream, however many take it. The
 * spout that reads it does the groupings.
 */
export class KeptOutputs {
  readonly topic: string
  readonly #context: ComponentContext
  #records: RecordInput[] = []

  constructor(context: ComponentContext) {
    this.#context = context
    this.topic = outputsTopic(context.plan.name, context.component.id)
  }

  get changed(): boolean {
    return this.#records.length > 0
  }

  /** All until now, to be committed. */
  take(): readonly RecordInput[] {
    const records = this.#records
    this.#records = []
    return records
  }

  /** What is emitted from now on is not before that time, in milliseconds. */
  announce(time: number): void {
    const { component, index } = this.#context
    this.#records.push(timesRecord({ [sourceName(component.id, index)]: time }, index))
  }

  /** The streams of the task. @param refused A tuple cannot be kept. */
  ports(refused: (root: Root, error: unknown) => void): ReadonlyMap<string, StreamPort> {
    const { plan, component, task, tasks, index, stats } = this.#context
    return new Map(
      Object.keys(component.streams).map((stream) => {
        const takers = takersOf(plan, component.id).filter(({ inputs }) =>
          inputs.some((input) => input.from === component.id && input.stream === stream),
        )
        const direct = takers.filter(({ inputs }) =>
          inputs.some(({ from, grouping }) => from === component.id && grouping.kind === 'direct'),
        )
        const way = carryRoute(
          { kind: direct.length > 0 ? 'direct' : 'global' },
          {
            topic: this.topic,
            partitions: 1,
            tasks: direct.flatMap(({ id }) => tasks.get(id)!),
            remembered: rememberedIn(plan),
            refused: (root, _, error) => refused(root, error),
            append: (_, record) => void this.#records.push({ ...record, partition: index }),
          },
        )
        const merges = takers.some(({ inputs }) => inputs.length > 1)
        const routes = takers.length > 0 ? [way] : []
        return [stream, new StreamPort(component.id, stream, task, routes, merges, stats)] as const
      }),
    )
  }
}
