import type { FileCut, HttpAnswered } from '@heddle/connectors'
import type { RefusedMessage } from '@heddle/gateway/http'
import type { Logger } from './logger.ts'
import { onChannel } from './metrics/on-channel.ts'

/** Writes to the log what an operator should know of the rooms; the answer ends it. */
export function logEvents(logger: Logger): () => void {
  const ends = [
    onChannel<RefusedMessage>('heddle:gateway:refused', ({ method, route, problem, error }) => {
      const facts = { method, route, status: problem.status, code: problem.code }
      // Those below 500 are the caller's business, and it was told.
      if (problem.status >= 500) logger.warn({ ...facts, err: error }, 'a request failed')
      else logger.debug({ ...facts, detail: problem.detail }, 'a request was refused')
    }),
    onChannel<HttpAnswered>('heddle:connectors:http-answered', ({ status, ...facts }) => {
      if (status === undefined || status >= 400) logger.debug({ ...facts, status }, 'a delivery failed')
    }),
    onChannel<FileCut>('heddle:connectors:file-cut', (facts) => {
      if (facts.length > facts.checkpoint) logger.info(facts, 'cut a file back to what was committed')
      else logger.warn(facts, 'a file is shorter than what was written to it; going on at its end')
    }),
  ]
  return () => ends.forEach((end) => end())
}
