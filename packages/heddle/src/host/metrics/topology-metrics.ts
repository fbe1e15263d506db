import type { Engine } from '@heddle/core'
import { Gauge, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'

const componentFigures = [
  ['emitted', 'Tuples emitted'],
  ['executed', 'Tuples executed'],
  ['acked', 'Tuples acked'],
  ['failed', 'Tuples failed'],
  ['retried', 'Attempts after the first'],
  ['deadLettered', 'Events sent to the dead letters'],
  ['executeLatencyMs', 'Mean time in execute, in milliseconds'],
  ['capacity', 'Share of the time in execute; near 1 it cannot keep up'],
] as const

const topologyFigures = [
  ['pending', 'Spout tuples that are not done'],
  ['lag', 'Records of the input topics that are not read yet'],
  ['commits', 'Commits, or epochs, since the start'],
  ['completeLatencyMs', 'Mean time until the tree of a spout tuple is done, in milliseconds'],
] as const

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** State and figures of each topology and of its components, as the engine knows them. */
export function topologyMetrics(registry: Registry, engine: Engine): MetricsGroup {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const state = gauge('heddle_topology_state', '1 for the state that a topology is in', ['topology', 'state'])
  const ofTopology = topologyFigures.map(
    ([figure, help]) => [figure, gauge(`heddle_topology_${snake(figure)}`, help, ['topology'])] as const,
  )
  const ofComponent = componentFigures.map(
    ([figure, help]) =>
      [figure, gauge(`heddle_component_${snake(figure)}`, help, ['topology', 'component'])] as const,
  )
  return {
    async refresh() {
      const topologies = await engine.list()
      // One that is killed in between is left out.
      const all = await Promise.all(topologies.map((one) => engine.metrics(one.name).catch(() => undefined)))
      state.reset()
      for (const [, each] of [...ofTopology, ...ofComponent]) each.reset()
      for (const one of topologies) state.set({ topology: one.name, state: one.state }, 1)
      for (const metrics of all) {
        if (metrics === undefined) continue
        for (const [figure, each] of ofTopology) each.set({ topology: metrics.name }, metrics[figure])
        for (const component of metrics.components)
          for (const [figure, each] of ofComponent)
            each.set({ topology: metrics.name, component: component.component }, component[figure])
      }
    },
  }
}
