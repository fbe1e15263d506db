import {
  type Duration,
  type StatePage,
  type TopologyDescription,
  type TopologyStatus,
  milliseconds,
} from '@heddle/core'
import { tree } from '../../draw/tree.ts'
import { bar } from '../../host/restore-words.ts'
import { type RemoteOptions, call, segment } from '../api.ts'
import { numbersOf, wholeNumber } from '../numbers.ts'
import { print, printJson, printTable, style } from '../output.ts'

/** `heddle topologies list` */
export async function listTopologies({ url, json = false }: RemoteOptions): Promise<void> {
  const topologies = await call<TopologyStatus[]>(url, 'GET', '/topologies')
  if (json) return printJson(topologies)
  if (topologies.length === 0) return print('no topology runs there')
  printTable(
    ['TOPOLOGY', 'STATE', 'GUARANTEE', 'TASKS', 'SINCE', 'LAST ERROR'],
    topologies.map((one) => [
      one.name,
      one.state,
      one.guarantee,
      one.tasks,
      new Date(one.startedAt).toISOString(),
      one.lastError === undefined ? '' : `${one.lastError.component}: ${one.lastError.message}`,
    ]),
  )
}

/** `heddle topologies describe` */
export async function describeTopology(name: string, { url, json = false }: RemoteOptions): Promise<void> {
  const topology = await call<TopologyDescription>(url, 'GET', `/topologies/${segment(name)}`)
  if (json) return printJson(topology)
  const { metrics, plan, lastError, restoring = [] } = topology
  const state = restoring.length > 0 ? `${topology.state}, restoring state` : topology.state
  print(`${style('bold', topology.name)}  ${state}, ${topology.guarantee}, ${topology.tasks} tasks`)
  print(
    `pending ${metrics.pending}, lag ${metrics.lag}, commits ${metrics.commits}, complete latency ${metrics.completeLatencyMs.toFixed(1)} ms`,
  )
  if (lastError)
    print(
      style(
        'red',
        `last error, ${new Date(lastError.at).toISOString()}, in ${lastError.component}: ${lastError.message}`,
      ),
    )
  printStores(topology)
  for (const { thread, state, restarts, heapBytes } of topology.threads ?? [])
    print(
      `thread ${thread}: ${state}, ${Math.round(heapBytes / 2 ** 20)} MB, started again ${restarts} times`,
    )
  printShares(topology)
  print()
  process.stdout.write(tree(plan, { width: process.stdout.columns || 120 }))
  print()
  printTable(
    ['COMPONENT', 'TASKS', 'EXECUTED', 'EMITTED', 'ACKED', 'FAILED', 'RETRIED', 'DEAD', 'MS', 'CAPACITY'],
    metrics.components.map((one) => [
      one.component,
      one.tasks,
      one.executed,
      one.emitted,
      one.acked,
      one.failed,
      one.retried,
      one.deadLettered,
      one.executeLatencyMs.toFixed(2),
      one.capacity.toFixed(2),
    ]),
  )
}

/** Stores that are being restored, and copies that are kept of others'. */
function printStores({ restoring = [], standby = [] }: TopologyDescription): void {
  for (const progress of restoring) print(`${bar(progress)}  ${progress.store}`)
  if (standby.length === 0) return
  const made = standby.flatMap(({ behind }) => behind ?? [])
  const behind = made.reduce((sum, each) => sum + each, 0)
  const missing = standby.length - made.length
  print(
    `standby copies of ${standby.length} stores here, ${behind} changes behind${missing > 0 ? `, ${missing} not made yet` : ''}`,
  )
}

/** Who has which partitions of what there is to do, a line for each topic and process. */
function printShares({ shares = [] }: TopologyDescription): void {
  const rows = new Map<string, { from: string; of: string; who: string; partitions: number[]; lag: number }>()
  for (const { topic, stage = 'input', instance = 'nobody', partition, lag } of shares) {
    const name = JSON.stringify([topic, instance])
    const row = rows.get(name) ?? { from: topic, of: stage, who: instance, partitions: [], lag: 0 }
    row.partitions.push(partition)
    row.lag += lag
    rows.set(name, row)
  }
  if (rows.size === 0) return
  print()
  printTable(
    ['PART', 'READS', 'PARTITIONS', 'INSTANCE', 'LAG'],
    [...rows.values()].map(({ from, of, who, partitions, lag }) => [
      of,
      from,
      partitions.join(' '),
      who,
      lag,
    ]),
  )
}

/** `heddle topologies activate`, `deactivate`, and the part that `rebalance` has in common with them. */
export async function steer(
  name: string,
  verb: 'activate' | 'deactivate' | 'rebalance',
  body: object,
  { url, json = false }: RemoteOptions,
): Promise<void> {
  const topology = await call<TopologyDescription>(url, 'POST', `/topologies/${segment(name)}/${verb}`, body)
  if (json) printJson(topology)
  else print(`${topology.name} is ${topology.state}, with ${topology.tasks} tasks`)
}

/** `heddle topologies rebalance NAME COMPONENT=TASKS… --threads N` */
export async function rebalance(
  name: string,
  changes: readonly string[],
  options: RemoteOptions & { readonly threads?: string },
): Promise<void> {
  const parallelism = numbersOf('COMPONENT=TASKS', changes)
  const threads = options.threads === undefined ? {} : { threads: wholeNumber('threads', options.threads) }
  await steer(name, 'rebalance', { parallelism, ...threads }, options)
}

/** `heddle topologies state NAME COMPONENT` */
export async function showState(
  name: string,
  component: string,
  { url, json = false, prefix, limit }: RemoteOptions & { readonly prefix?: string; readonly limit: string },
): Promise<void> {
  let left = wholeNumber('limit', limit)
  let after: string | undefined
  while (left > 0) {
    const query = new URLSearchParams({
      limit: String(Math.min(left, 1000)),
      ...(prefix && { prefix }),
      ...(after && { after }),
    })
    const page = await call<StatePage>(
      url,
      'GET',
      `/topologies/${segment(name)}/state/${segment(component)}?${query.toString()}`,
    )
    for (const entry of page.entries) {
      if (json) printJson(entry)
      else print(`${style('bold', entry.key)}  ${JSON.stringify(entry.value)}`)
    }
    left -= page.entries.length
    after = page.next
    if (after === undefined) return
  }
}

/** `heddle topologies kill` */
export async function killTopology(
  name: string,
  options: RemoteOptions & { readonly wait: Duration; readonly purge?: boolean },
): Promise<void> {
  const waitMs = milliseconds(options.wait)
  const { purge = false } = options
  await call(options.url, 'POST', `/topologies/${segment(name)}/kill`, { waitMs, purge })
  if (options.json) printJson({ killed: name, purged: purge })
  else print(`${name} has stopped${purge ? ', and what was kept of it is deleted' : ''}`)
}
