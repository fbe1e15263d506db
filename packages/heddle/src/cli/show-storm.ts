import type { TopologyDescription, TopologyStatus } from '@heddle/core'
import { tree } from '../draw/tree.ts'
import { print, printJson, printTable, style } from './output.ts'

interface Shown {
  readonly json?: boolean
}

/** Prints what runs on a cluster. */
export function showTopologies(topologies: readonly TopologyStatus[], { json = false }: Shown): void {
  if (json) return printJson(topologies)
  if (topologies.length === 0) return print('no topology of ours runs there')
  printTable(
    ['TOPOLOGY', 'STATE', 'TASKS', 'SINCE', 'LAST ERROR'],
    topologies.map((one) => [
      one.name,
      one.state,
      one.tasks,
      new Date(one.startedAt).toISOString(),
      one.lastError === undefined ? '' : `${one.lastError.component}: ${one.lastError.message}`,
    ]),
  )
}

/** Prints a topology of a cluster, with the figures that Storm has of it. */
export function showTopology(topology: TopologyDescription, { json = false }: Shown): void {
  if (json) return printJson(topology)
  const { metrics, plan, lastError } = topology
  print(`${style('bold', topology.name)}  ${topology.state}, ${topology.guarantee}, ${topology.tasks} tasks`)
  print(
    `pending batches ${metrics.pending}, lag ${metrics.lag}, complete latency ${metrics.completeLatencyMs.toFixed(1)} ms`,
  )
  if (lastError) {
    const at = new Date(lastError.at).toISOString()
    print(style('red', `last error, ${at}, in ${lastError.component}: ${lastError.message}`))
  }
  print()
  process.stdout.write(tree(plan, { width: process.stdout.columns || 120 }))
  print()
  printTable(
    ['COMPONENT', 'TASKS', 'EXECUTED', 'EMITTED', 'ACKED', 'FAILED', 'MS', 'CAPACITY'],
    metrics.components.map((one) => [
      one.component,
      one.tasks,
      one.executed,
      one.emitted,
      one.acked,
      one.failed,
      one.executeLatencyMs.toFixed(2),
      one.capacity.toFixed(2),
    ]),
  )
}
