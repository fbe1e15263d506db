import type { RestoreMessage } from '@heddle/log/kafka'
import { onChannel } from '../host/metrics/on-channel.ts'
import { bar, together } from '../host/restore-words.ts'
import type { StatusLine } from '../host/status-line.ts'

/** Shows all restores of state that are under way as one bar, at the bottom of the terminal; the answer ends it. */
export function showRestores(line: StatusLine): () => void {
  const running = new Map<string, RestoreMessage>()
  return onChannel<RestoreMessage>('heddle:log:kafka:restore', (message) => {
    if (message.state === 'running') running.set(message.store, message)
    else running.delete(message.store)
    // One that has only begun is mostly over at once.
    const slow = [...running.values()].filter(({ elapsedMs }) => elapsedMs > 0)
    const all = together(slow)
    line.show(slow.length === 0 ? '' : `restoring ${all.store}  ${bar(all)}`)
  })
}
