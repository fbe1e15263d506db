import type { Plan, Topology } from '@heddle/core'
import { type PlanRecord, storeName, timersName } from '../local/plan-record.ts'
import type { Seat } from '../local/seat.ts'
import { stateless } from '../operators/table.ts'
import { takesOf } from '../operators/takes.ts'
import { runStore, shareOf } from '../stages/share.ts'
import { hasTopic, repartitionTopic, stageGroup, stagesOf } from '../stages/stages.ts'
import type { SharedStores } from './copies.ts'

/** Stores of a topology, by the groups that say which process has them; see `startRun` for their names. */
export function sharedStores(
  { name, plan, code }: Topology,
  record: PlanRecord | undefined,
  partitions: number | undefined,
  seat: Seat | undefined,
  instance: string,
): readonly SharedStores[] {
  const statesOf = (components: Plan['components'], place: (store: string) => string): readonly string[] =>
    components
      .filter(({ operator }) => !stateless.has(operator))
      .flatMap((component) => {
        const store = place(storeName(record, name, component.id))
        const { timers } = takesOf(component, code.get(component.id) ?? {}, name)
        return timers ? [store, timersName(store)] : [store]
      })
  if (partitions === undefined) {
    if (seat?.member === undefined) return []
    const { group, topic, member } = seat
    const stores = [name, ...statesOf(plan.components, (store) => store)]
    // The seat is partition 0; the others stand for nothing.
    return [{ group, topic, member, stores: (partition) => (partition === 0 ? stores : []) }]
  }
  return stagesOf(plan, partitions)
    .filter(hasTopic)
    .map(({ id, components }) => ({
      group: stageGroup(name, id),
      topic: repartitionTopic(name, id),
      member: instance,
      stores: (partition) => [
        runStore(name, id, partition),
        ...statesOf(components, (store) => shareOf(store, partition)),
      ],
    }))
}
