/**
 * What connectors publish on `node:diagnostics_channel`. The host turns it into metrics and logs.
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'

/** Message of `heddle:connectors:http-answered`: one request is over. */
export interface HttpAnswered {
  readonly topology: string
  readonly component: string
  readonly url: string
  /** HTTP status, or `undefined` when there was no answer. */
  readonly status: number | undefined
  readonly ms: number
}

/** Message of `heddle:connectors:file-written`: a batch is on disk. */
export interface FileWritten {
  readonly topology: string
  readonly component: string
  readonly path: string
  readonly events: number
  readonly bytes: number
  /** Time of the write and its fsync. */
  readonly ms: number
}

/** Message of `heddle:connectors:file-cut`: a file was cut back to its checkpoint, or was found shorter than it. */
export interface FileCut {
  readonly topology: string
  readonly component: string
  readonly path: string
  readonly checkpoint: number
  readonly length: number
}

export const httpAnswered = channel('heddle:connectors:http-answered')
export const fileWritten = channel('heddle:connectors:file-written')
export const fileCut = channel('heddle:connectors:file-cut')
