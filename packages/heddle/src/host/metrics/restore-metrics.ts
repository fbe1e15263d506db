import type { RestoreMessage } from '@heddle/log/kafka'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { MetricsGroup } from './metrics.ts'
import { onChannel } from './on-channel.ts'

/** What the making of local copies of state costs, and how long it still takes. */
export function restoreMetrics(registry: Registry): MetricsGroup {
  const registers = [registry]
  const records = new Counter({
    name: 'heddle_state_restore_records_total',
    help: 'Records that were read to make local copies of state',
    labelNames: ['standby'],
    registers,
  })
  const seconds = new Counter({
    name: 'heddle_state_restore_seconds_total',
    help: 'Time that it took',
    labelNames: ['standby'],
    registers,
  })
  const restores = new Counter({
    name: 'heddle_state_restores_total',
    help: 'Restores that ended, done or failed; those with nothing to read are not counted',
    labelNames: ['result', 'standby'],
    registers,
  })
  const remaining = new Gauge({
    name: 'heddle_state_restore_remaining',
    help: 'Places of the changelog that are not read yet, of each store that is being restored',
    labelNames: ['store'],
    registers,
  })
  /** What was counted of each that runs. */
  const counted = new Map<string, { readonly records: number; readonly elapsedMs: number }>()
  const end = onChannel<RestoreMessage>('heddle:log:kafka:restore', (message) => {
    const { store, state, done, total } = message
    const standby = String(message.standby)
    const before = counted.get(store) ?? { records: 0, elapsedMs: 0 }
    records.inc({ standby }, Math.max(0, message.records - before.records))
    seconds.inc({ standby }, Math.max(0, message.elapsedMs - before.elapsedMs) / 1000)
    if (state === 'running') {
      counted.set(store, message)
      remaining.set({ store }, total - done)
    } else {
      counted.delete(store)
      remaining.remove({ store })
      restores.inc({ result: state, standby })
    }
  })
  return { close: end }
}
