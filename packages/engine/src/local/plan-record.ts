import { type Log, type Plan, type Store, type TopologyVersion, stateLayouts, utf8 } from '@heddle/core'
import { outboxTopic } from '../operators/sink.ts'
import { stateless } from '../operators/table.ts'
import { deleteStages } from '../stages/dropped-stages.ts'
import { shareOf } from '../stages/share.ts'
import { isSpread } from '../stages/stages.ts'

/** How many versions of a topology are remembered: enough to see what has happened of late, few enough to be no burden. */
const rememberedVersions = 20

/**
 * The version of a topology that runs, or ran last.
 *
 * ```
 * store '<topology>':  'plan'                         →  this, as JSON
 *                      'version/<number, 10 digits>'  →  TopologyVersion as JSON, the last 20
 * ```
 *
 * Written in one transaction, which is what makes an upgrade: what has another place from then on is found by it.
 */
export interface PlanRecord {
  readonly number: number
  readonly plan: Plan
  /** How many shares its keys are cut into; left out where it runs in one place. */
  readonly partitions?: number
  /** Layouts of the components' state, as it was written. */
  readonly layouts: Readonly<Record<string, string>>
  /** Stores of components that have another name than the usual: their component was renamed, or began anew. */
  readonly stores: Readonly<Record<string, string>>
  /** Stores that nobody needs any more. */
  readonly droppedStores: readonly string[]
  /** Sinks whose outbox is not to be delivered any more. */
  readonly droppedOutboxes: readonly string[]
  /** Stages that are not there any more, whose topics may be; left out where there are none. */
  readonly droppedStages?: readonly string[]
}

const decoder = new TextDecoder()
const read = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T
const versionKey = (number: number): string => `version/${String(number).padStart(10, '0')}`

/** The record that a topology's own store has. */
export function readRecord(meta: Store): PlanRecord | undefined {
  const bytes = meta.get('plan')
  return bytes && read<PlanRecord>(bytes)
}

/** The last versions, the newest first. */
export const readVersions = (meta: Store): readonly TopologyVersion[] =>
  [...meta.entries({ gte: 'version/', lt: 'version0' })]
    .map(([, bytes]) => read<TopologyVersion>(bytes))
    .toReversed()

/** The record of a topology that runs for the first time. */
export const firstRecord = (plan: Plan, partitions: number | undefined): PlanRecord => ({
  number: 1,
  plan,
  ...(partitions !== undefined && { partitions }),
  layouts: stateLayouts(plan.components),
  stores: {},
  droppedStores: [],
  droppedOutboxes: [],
})

/** Name of the store that has a component's state. That of its timers is below it. */
export const storeName = (record: PlanRecord | undefined, topology: string, component: string): string =>
  record?.stores[component] ?? `${topology}/${component}`

/** The stores that have a component's state on this log: one for each share of its keys. */
export async function stateStores(log: Log, topology: string, component: string): Promise<readonly Store[]> {
  const record = readRecord(await log.store(topology))
  const name = storeName(record, topology, component)
  const planned = record?.plan.components.find(({ id }) => id === component)
  if (!record?.partitions || !planned || stateless.has(planned.operator)) return [await log.store(name)]
  const shares = isSpread(planned) ? record.partitions : 1
  return Promise.all(Array.from({ length: shares }, (_, at) => log.store(shareOf(name, at))))
}

/** Name of the store with a component's timers. */
export const timersName = (store: string): string => `${store}/timers`

/**
 * Writes a topology's record, or deletes it, and the version that it makes, or takes back.
 * @throws HEDDLE_LOG_FENCED when another process does so at the same time.
 */
export async function writeRecord(
  log: Log,
  name: string,
  record: PlanRecord | undefined,
  version: TopologyVersion | { readonly undone: number },
): Promise<void> {
  const meta = await log.store(name)
  const transactor = await log.transactor(`${name}.plan`)
  try {
    const transaction = transactor.begin()
    transaction.put(meta, 'plan', record ? utf8(JSON.stringify(record)) : null)
    if ('undone' in version) transaction.put(meta, versionKey(version.undone), null)
    else {
      transaction.put(meta, versionKey(version.number), utf8(JSON.stringify(version)))
      transaction.put(meta, versionKey(version.number - rememberedVersions), null)
    }
    await transaction.commit()
  } finally {
    await transactor.close()
  }
}

/** Deletes what an upgrade has dropped. It may be stopped at any time: the next call goes on. */
export async function deleteDropped(log: Log, topology: string, stopped: AbortSignal): Promise<void> {
  const meta = await log.store(topology)
  const record = readRecord(meta)
  if (!record) return
  const { droppedStages = [], partitions = 0 } = record
  if (record.droppedStores.length + record.droppedOutboxes.length + droppedStages.length === 0) return
  for (const sink of record.droppedOutboxes) await skipOutbox(log, topology, sink)
  const transactor = await log.transactor(`${topology}.plan`)
  try {
    for (const name of storesWith(record.droppedStores, partitions)) {
      if (stopped.aborted) return
      await log.deleteStore(name)
    }
    const left = await deleteStages(log, topology, droppedStages, partitions)
    const transaction = transactor.begin()
    const clean: PlanRecord = { ...record, droppedStores: [], droppedOutboxes: [], droppedStages: left }
    transaction.put(meta, 'plan', utf8(JSON.stringify(clean)))
    await transaction.commit()
  } finally {
    await transactor.close()
  }
}

/** Stores of components with those of their timers, in one place and in each share. */
export const storesWith = (stores: readonly string[], partitions: number): readonly string[] =>
  stores
    .flatMap((store) => [store, ...Array.from({ length: partitions }, (_, at) => shareOf(store, at))])
    .flatMap((store) => [store, timersName(store)])

async function skipOutbox(log: Log, topology: string, sink: string): Promise<void> {
  const topic = outboxTopic(topology, sink)
  if (!(await log.describeTopic(topic))) return
  const [{ latest: offset } = { latest: 0 }] = await log.partitions(topic)
  await log.resetOffsets(`${topology}.${sink}`, [{ topic, partition: 0, offset }])
}
