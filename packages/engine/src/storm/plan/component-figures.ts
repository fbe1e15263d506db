import type { ComponentPageInfo, ComponentStats } from '../nimbus/structs.ts'

/** Counts of Storm's tuples, which are batches, and means in milliseconds, under the names of Storm's UI. */
export interface Figures {
  readonly emitted: number
  readonly transferred: number
  readonly acked: number
  readonly failed: number
  /** Spouts: mean time from the emission until the tree was done. */
  readonly completeLatencyMs?: number
  /** Bolts: mean time in `execute`; from there to the ack; tuples executed; share of the time that it was executing. */
  readonly executeLatencyMs?: number
  readonly processLatencyMs?: number
  readonly executed?: number
  readonly capacity?: number
}

/** What Storm's UI shows on the page of a component. */
export interface ComponentFigures extends Figures {
  readonly component: string
  readonly kind: 'spout' | 'bolt'
  readonly executors: number
  readonly tasks: number
  /** By window, in Storm's names of them: `600` (10 min), `10800` (3 h), `86400` (1 day), `:all-time`. */
  readonly windows: Readonly<Record<string, Figures>>
  /** What it gets, by the component and stream that it comes from. */
  readonly inputs: readonly (Figures & { readonly from: string; readonly stream: string })[]
  readonly outputs: readonly (Figures & { readonly stream: string })[]
  /** Each executor with its tasks, and where it runs. */
  readonly perTask: readonly (Figures & {
    readonly tasks: readonly [first: number, last: number]
    readonly host: string
    readonly port: number
    readonly uptimeSecs: number
  })[]
  /** The latest first. */
  readonly errors: readonly { readonly message: string; readonly at: number; readonly host?: string }[]
}

const allTime = ':all-time'

/** Component type of Storm. */
const spoutType = 2

/** The page of a component as Nimbus gives it, in our shape. */
export function componentFigures(page: ComponentPageInfo): ComponentFigures {
  const windows = [...(page.windows ?? [])].map(([window, stats]) => [window, figuresOf(stats)] as const)
  return {
    ...(windows.find(([window]) => window === allTime)?.[1] ?? figuresOf({})),
    component: page.componentId,
    kind: page.componentType === spoutType ? 'spout' : 'bolt',
    executors: page.numExecutors ?? 0,
    tasks: page.numTasks ?? 0,
    windows: Object.fromEntries(windows),
    inputs: [...(page.inputs ?? [])].map(([{ componentId, streamId }, stats]) => ({
      ...figuresOf(stats),
      from: componentId,
      stream: streamId,
    })),
    outputs: [...(page.outputs ?? [])].map(([stream, stats]) => ({ ...figuresOf(stats), stream })),
    perTask: (page.executors ?? []).flatMap(({ summary, stats = {} }) => {
      if (!summary) return []
      const { executorInfo, host, port, uptimeSecs } = summary
      const tasks = [executorInfo.taskStart, executorInfo.taskEnd] as const
      return [{ ...figuresOf(stats), tasks, host, port, uptimeSecs }]
    }),
    errors: (page.errors ?? [])
      .map(({ error, errorTimeSecs, host }) => ({
        message: error,
        at: errorTimeSecs * 1000,
        ...(host !== undefined && { host }),
      }))
      .sort((one, other) => other.at - one.at),
  }
}

function figuresOf({ common, specific }: ComponentStats): Figures {
  const { emitted = 0, transferred = 0, acked = 0, failed = 0 } = common ?? {}
  return { emitted, transferred, acked, failed, ...specific?.bolt, ...specific?.spout }
}
