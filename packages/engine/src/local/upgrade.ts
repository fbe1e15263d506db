import {
  HeddleError,
  type Log,
  type Plan,
  type PlanConflict,
  type PlanDiff,
  type TopologyVersion,
  type UpgradeOptions,
  diffPlans,
  isHeddleError,
  isSamePlan,
  stateLayouts,
} from '@heddle/core'
import { outboxTopic } from '../operators/sink.ts'
import { stateless } from '../operators/table.ts'
import { stageIds } from '../stages/dropped-stages.ts'
import { hasStages, isSpread } from '../stages/stages.ts'
import { hasUnread } from './has-unread.ts'
import { type PlanRecord, firstRecord, readRecord, storeName, writeRecord } from './plan-record.ts'

/** How often to look again when other processes put the same version in place at the same time. */
const maxAttempts = 10

/** What one plan means for what ran before. */
export interface Upgrade {
  readonly former: PlanRecord | undefined
  /** `undefined` when nothing ran before. */
  readonly diff: PlanDiff | undefined
  /** `undefined` when nothing is to be written: it is the plan that ran before. */
  readonly next: PlanRecord | undefined
}

/**
 * Compares a plan with the one that ran last on this log. Changes nothing.
 *
 * @param partitions How many shares its keys are cut into, when it runs for the first time.
 */
export async function planUpgrade(
  log: Log,
  plan: Plan,
  options: UpgradeOptions,
  partitions?: number,
): Promise<Upgrade> {
  const former = readRecord(await log.store(plan.name))
  if (!former) return { former, diff: undefined, next: firstRecord(plan, partitions) }
  const compared = diffPlans(former.plan, plan, { ...options, layouts: former.layouts })
  if (compared.conflicts.length > 0) {
    // Another process has done it: what is to be renamed or dropped is not there any more.
    const done = diffPlans(former.plan, plan, { layouts: former.layouts })
    if (isSamePlan(done)) return { former, diff: done, next: undefined }
  }
  const diff = {
    ...compared,
    conflicts: [...compared.conflicts, ...spreadConflicts(former, plan, compared, options)],
  }
  const next = nextRecord(former, plan, diff, options, partitions)
  return { former, diff, next: isSamePlan(diff) ? undefined : next }
}

/**
 * Makes a plan the one that runs. Nothing of the topology may run meanwhile, unless it is without state.
 *
 * @returns What was done, for `undo`.
 * @throws HEDDLE_UPGRADE_INCOMPATIBLE with every reason; nothing is changed.
 */
export async function adoptPlan(
  log: Log,
  plan: Plan,
  options: UpgradeOptions,
  now: number,
  partitions?: number,
): Promise<Upgrade> {
  for (let attempt = 1; ; attempt++) {
    const upgrade = await planUpgrade(log, plan, options, partitions)
    const { former, diff, next } = upgrade
    if (former && diff) refuse(diff, await undelivered(log, former.plan, diff, options))
    if (!next) return upgrade
    const version: TopologyVersion = {
      number: next.number,
      at: now,
      by: options.by ?? 'engine',
      changes: diff ? changesOf(diff) : ['first version'],
    }
    try {
      await writeRecord(log, plan.name, next, version)
      return upgrade
    } catch (error) {
      // Another process that shares the work has done the same.
      if (!isHeddleError(error, 'HEDDLE_LOG_FENCED') || attempt === maxAttempts) throw error
    }
  }
}

/** Takes back what `adoptPlan` did: the version before is the one that ran last. */
export async function undoUpgrade(log: Log, { former, next }: Upgrade): Promise<void> {
  if (next) await writeRecord(log, next.plan.name, former, { undone: next.number })
}

/** @throws HEDDLE_UPGRADE_INCOMPATIBLE if there is a reason. */
export function refuse(diff: PlanDiff, more: readonly PlanConflict[] = []): void {
  const conflicts = [...diff.conflicts, ...more]
  if (conflicts.length === 0) return
  const reasons = conflicts.map(({ message }) => `\n  - ${message}`).join('')
  throw new HeddleError('HEDDLE_UPGRADE_INCOMPATIBLE', `'${diff.topology}'${reasons}`, {
    info: { topology: diff.topology, conflicts },
  })
}

function nextRecord(
  former: PlanRecord,
  plan: Plan,
  { components }: PlanDiff,
  { dropState = [] }: UpgradeOptions,
  partitions: number | undefined,
): PlanRecord {
  const { name } = plan
  const number = former.number + 1
  const stores: Record<string, string> = {}
  const dropped = new Set(former.droppedStores)
  const changes = new Map(components.map((component) => [component.id, component]))
  for (const { id, was, state } of components)
    if (state === 'replaced' || state === 'dropped') dropped.add(storeName(former, name, was ?? id))
  const kept = (id: string): string => storeName(former, name, changes.get(id)?.was ?? id)
  const begins = (id: string): boolean => {
    const state = changes.get(id)?.state
    return state === 'new' || state === 'replaced'
  }
  const inUse = new Set(plan.components.filter(({ id }) => !begins(id)).map(({ id }) => kept(id)))
  for (const { id } of plan.components) {
    const usual = `${name}/${id}`
    const taken = dropped.has(usual) || inUse.has(usual)
    // '@' stands in no id, so that no other component has that name.
    const store = begins(id) ? (taken ? `${usual}@${number}` : usual) : kept(id)
    if (store !== usual) stores[id] = store
  }
  const sinks = components
    .filter(({ id, change }) => change === 'removed' && dropState.includes(id))
    .filter(({ id }) => former.plan.components.some((each) => each.id === id && each.operator === 'sink'))
    .map(({ id }) => id)
  const now = new Set(plan.components.map(({ id }) => id))
  // What is cut into shares stays so; what had no state until now is cut as it is wished.
  const shares = hasStages(former.plan) ? former.partitions : partitions
  const stages = stageIds(plan, shares)
  const before = [...stageIds(former.plan, former.partitions), ...(former.droppedStages ?? [])]
  return {
    number,
    plan,
    ...(shares !== undefined && { partitions: shares }),
    layouts: stateLayouts(plan.components),
    stores,
    droppedStores: [...dropped],
    droppedOutboxes: [...former.droppedOutboxes.filter((id) => !now.has(id)), ...sinks],
    droppedStages: before.filter((id) => !stages.includes(id)),
  }
}

/** Components that would find their state in other shares than where it is. */
function spreadConflicts(
  former: PlanRecord,
  plan: Plan,
  { components }: PlanDiff,
  { dropState = [] }: UpgradeOptions,
): readonly PlanConflict[] {
  if (former.partitions === undefined) return []
  const conflicts: PlanConflict[] = []
  for (const { id, was, state } of components) {
    const before = former.plan.components.find((each) => each.id === (was ?? id))
    const after = plan.components.find((each) => each.id === id)
    if (!before || !after || state !== 'kept' || dropState.includes(id)) continue
    if (stateless.has(after.operator) || isSpread(before) === isSpread(after)) continue
    conflicts.push({
      component: id,
      message:
        `the state of '${id}' is ${isSpread(before) ? 'cut by key' : 'in one place'}, and would be ` +
        `${isSpread(after) ? 'cut by key' : 'in one place'} by the new groupings: begin it anew (--drop-state ${id})`,
    })
  }
  return conflicts
}

/** Sinks that are gone, with something left that they have not delivered. */
async function undelivered(
  log: Log,
  former: Plan,
  { components }: PlanDiff,
  { dropState = [] }: UpgradeOptions,
): Promise<readonly PlanConflict[]> {
  const gone = new Set(components.filter(({ change }) => change === 'removed').map(({ id }) => id))
  const conflicts: PlanConflict[] = []
  for (const { id, operator } of former.components) {
    if (operator !== 'sink' || !gone.has(id) || dropState.includes(id)) continue
    const group = (await log.listGroups()).find((each) => each.group === `${former.name}.${id}`)
    if (!(await hasUnread(log, outboxTopic(former.name, id), group))) continue
    conflicts.push({
      component: id,
      message:
        `the sink '${id}' has not delivered all that is in its outbox: put it back until it has, ` +
        `or drop what is left (--drop-state ${id})`,
    })
  }
  return conflicts
}

/** What is different, in words and without values. */
function changesOf({ components, settings, topics }: PlanDiff): readonly string[] {
  return [
    ...components.map(({ id, change, was, fields, state }) => {
      const name = was === undefined ? id : `${was} is ${id} now`
      const paths = fields.map(({ path }) => path).join(', ')
      const what = change === 'changed' ? paths && `: ${paths}` : ` ${change}`
      const fate = state === 'dropped' || state === 'replaced' ? '; its state was dropped' : ''
      return `${name}${what}${fate}`
    }),
    ...settings.map(({ path }) => `setting ${path}`),
    ...topics.map(({ name, change }) => `topic ${name} ${change}`),
  ]
}
