import { Worker } from 'node:worker_threads'
import type { AbortedTransaction } from '../wire/record-batch.ts'
import { type ReadContext, readChangelog } from './changelog-reader.ts'

/** What the thread is given to begin with. */
export interface LoadData {
  readonly path: string
  readonly from: number
  /** What it may gather in memory, in bytes. */
  readonly bufferBytes: number
}

/** To the thread: batches to take over, and what is put into the copy when it was the last. */
export type LoadMessage =
  | {
      readonly batches: Uint8Array
      readonly from: number
      readonly to: number
      readonly aborted: readonly AbortedTransaction[]
      /** The time, for the place. */
      readonly at: number
    }
  | { readonly end: number }

/** From the thread. */
export type LoadAnswer =
  | { readonly taken: number; readonly records: number; readonly bytes: number }
  | { readonly done: true }
  | { readonly error: { readonly message: string } }

/** Chunks that may be under way to the thread: enough for it never to wait, and few enough for memory. */
const mostUnderWay = 4

/**
 * Brings a copy up to `end` by a thread of its own, which sorts what it gets and writes it in the order of its keys. So this thread is
 * free for others, and only reads from the brokers.
 *
 * @param taken Told of what the thread has got, with the offset that it has come to.
 * @throws What a broker or the disk says. The copy then has its place, and can be gone on with.
 */
export async function bulkLoad(
  context: ReadContext,
  topic: string,
  { path, from, bufferBytes }: LoadData,
  end: number,
  taken: (offset: number, records: number, bytes: number) => void,
): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const data: LoadData = { path, from, bufferBytes }
  const thread = new Worker(new URL(`./bulk-load-thread.${extension}`, import.meta.url), { workerData: data })
  let underWay = 0
  let wake = Promise.withResolvers<void>()
  let failure: Error | undefined
  const over = Promise.withResolvers<void>()
  over.promise.catch(() => undefined)
  const fail = (error: Error): void => {
    failure ??= error
    over.reject(error)
    wake.resolve()
  }
  thread.on('message', (answer: LoadAnswer) => {
    if ('error' in answer) return fail(new Error(answer.error.message))
    if ('done' in answer) return over.resolve()
    underWay--
    taken(answer.taken, answer.records, answer.bytes)
    wake.resolve()
  })
  thread.on('error', fail)
  thread.on('exit', () => fail(new Error('the thread that restores a store ended')))
  const { clock } = context.cluster.settings
  const isBusy = (): boolean => underWay >= mostUnderWay && failure === undefined
  try {
    const send = (message: LoadMessage, transfer: ArrayBuffer[] = []): void =>
      thread.postMessage(message, transfer)
    for await (const { batches, aborted, from: start, to } of readChangelog(context, topic, from, end)) {
      const copy = new Uint8Array(batches)
      send({ batches: copy, from: start, to, aborted, at: clock.now() }, [copy.buffer])
      underWay++
      while (isBusy()) {
        await wake.promise
        wake = Promise.withResolvers()
      }
      if (failure !== undefined) throw failure
    }
    send({ end: clock.now() })
    await over.promise
  } finally {
    await thread.terminate()
  }
}
