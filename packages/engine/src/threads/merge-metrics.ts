import type { ComponentMetrics, TopologyMetrics } from '@heddle/core'

/** The metrics of the threads of a topology as those of one. */
export function mergeMetrics(name: string, all: readonly TopologyMetrics[]): TopologyMetrics {
  const sum = (of: (metrics: TopologyMetrics) => number): number =>
    all.reduce((total, each) => total + of(each), 0)
  const ids = all[0]?.components.map(({ component }) => component) ?? []
  return {
    name,
    components: ids.map((id) =>
      mergeComponents(all.map(({ components }) => components.find(({ component }) => component === id)!)),
    ),
    completeLatencyMs: all.length === 0 ? 0 : sum(({ completeLatencyMs }) => completeLatencyMs) / all.length,
    pending: sum(({ pending }) => pending),
    lag: sum(({ lag }) => lag),
    commits: sum(({ commits }) => commits),
  }
}

function mergeComponents(all: readonly ComponentMetrics[]): ComponentMetrics {
  const sum = (of: (metrics: ComponentMetrics) => number | undefined): number =>
    all.reduce((total, each) => total + (of(each) ?? 0), 0)
  const executed = sum((each) => each.executed)
  return {
    component: all[0]!.component,
    kind: all[0]!.kind,
    tasks: sum(({ tasks }) => tasks),
    emitted: sum(({ emitted }) => emitted),
    executed,
    acked: sum(({ acked }) => acked),
    failed: sum(({ failed }) => failed),
    executeLatencyMs: executed === 0 ? 0 : sum((each) => each.executeLatencyMs * each.executed) / executed,
    capacity: Math.max(...all.map(({ capacity }) => capacity)),
    retried: sum(({ retried }) => retried),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    dropped: sum(({ dropped }) => dropped),
    late: sum(({ late }) => late),
  }
}
