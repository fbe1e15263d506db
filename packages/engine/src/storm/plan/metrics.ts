import type { ComponentMetrics, Plan, PlanComponent, TopologyMetrics, TopologyStatus } from '@heddle/core'
import type { ComponentStats, TopologyPageInfo } from '../nimbus/structs.ts'
import { outputsOf, outputsSpout } from '../runtime/outputs.ts'

/** Figures of a topology, as Storm's UI has them: they count its tuples, which are batches. */
export function metricsOf(plan: Plan, { spouts, bolts }: TopologyPageInfo): Omit<TopologyMetrics, 'lag'> {
  const latencies = [...(spouts?.values() ?? [])].map(
    ({ specific }) => specific?.spout?.completeLatencyMs ?? 0,
  )
  const emitted = [...(spouts?.values() ?? [])].reduce((sum, { common }) => sum + (common?.emitted ?? 0), 0)
  const ended = [...(spouts?.values() ?? [])].reduce(
    (sum, { common }) => sum + (common?.acked ?? 0) + (common?.failed ?? 0),
    0,
  )
  return {
    name: plan.name,
    components: plan.components.map((component) =>
      componentMetrics(
        component,
        (component.kind === 'spout' ? spouts : bolts)?.get(component.id),
        // What a transactional component has emitted is what the spout of its outputs has.
        spouts?.get(outputsSpout(component.id))?.common?.emitted,
      ),
    ),
    completeLatencyMs: Math.max(0, ...latencies),
    pending: Math.max(0, emitted - ended),
    commits: 0,
  }
}

function componentMetrics(
  { id, kind, parallelism }: PlanComponent,
  { common, specific }: ComponentStats = {},
  emitted = common?.emitted ?? 0,
): ComponentMetrics {
  return {
    component: id,
    kind,
    tasks: common?.numTasks ?? parallelism,
    emitted,
    executed: specific?.bolt?.executed ?? 0,
    acked: common?.acked ?? 0,
    failed: common?.failed ?? 0,
    executeLatencyMs: specific?.bolt?.executeLatencyMs ?? 0,
    capacity: specific?.bolt?.capacity ?? 0,
    retried: 0,
    deadLettered: 0,
  }
}

/** The last error that a component has reported. */
export function lastErrorOf({ spouts, bolts }: TopologyPageInfo): TopologyStatus['lastError'] {
  let last: NonNullable<TopologyStatus['lastError']> | undefined
  for (const [component, { lastError }] of [...(spouts ?? []), ...(bolts ?? [])]) {
    if (!lastError) continue
    const at = lastError.errorTimeSecs * 1000
    // The first line says what it was; the others are of Storm's own code.
    if (!last || at > last.at)
      last = { component: outputsOf(component) ?? component, message: messageOf(lastError.error), at }
  }
  return last
}

/** Storm shows an error of a program as one of Java. */
const messageOf = (error: string): string =>
  (error.split('\n', 1)[0] ?? '').replace(
    /^java\.lang\.(Runtime)?Exception: (Shell Process Exception: )?/,
    '',
  )
