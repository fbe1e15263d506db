import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Calls `listener` for each message of a channel; the answer ends it. `M` is what the channel's room says it publishes. */
export function onChannel<M>(name: string, listener: (message: M) => void): () => void {
  const each = (message: unknown): void => listener(message as M)
  subscribe(name, each)
  return () => unsubscribe(name, each)
}
