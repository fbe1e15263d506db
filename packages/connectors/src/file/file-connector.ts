import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  type Connector,
  type Event,
  HeddleError,
  type Sink,
  type SinkContext,
  errorMessage,
  toStructured,
} from '@heddle/core'
import { fileCut, fileWritten } from '../channels.ts'
import { invalidConfig } from '../config.ts'

interface FileSinkConfig {
  readonly path: string
  readonly format: 'event' | 'data'
  readonly batch: number
}

/** Paths that this process writes: two sinks on one file would cut each other's lines. */
const inUse = new Set<string>()

/** Appends events to files of JSON lines: the sinks that `file(path)` names. */
export const fileConnector: Connector = {
  kind: 'file',
  async openSink(settings, context) {
    const config = readConfig(settings)
    if (inUse.has(config.path))
      throw invalidConfig('file', 'path', 'is already written by another output', config.path)
    inUse.add(config.path)
    try {
      return await openFile(config, context)
    } catch (error) {
      inUse.delete(config.path)
      throw error
    }
  },
}

function readConfig(config: Readonly<Record<string, unknown>>): FileSinkConfig {
  const { path, format, batch } = config
  if (typeof path !== 'string' || path === '') throw invalidConfig('file', 'path', 'must be a path', path)
  if (format !== 'event' && format !== 'data')
    throw invalidConfig('file', 'format', "must be 'event' or 'data'", format)
  if (typeof batch !== 'number' || !Number.isInteger(batch) || batch < 1)
    throw invalidConfig('file', 'batch', 'must be a whole number above 0', batch)
  return { path: resolve(path), format, batch }
}

async function openFile(config: FileSinkConfig, context: SinkContext): Promise<Sink> {
  const { path } = config
  const { topology, component, checkpoint } = context
  let handle: FileHandle | undefined
  try {
    await mkdir(dirname(path), { recursive: true })
    // Made if it is missing, opened for writing at any place: neither 'a' nor 'r+' does both.
    await (await open(path, 'a')).close()
    handle = await open(path, 'r+')
    let { size } = await handle.stat()
    const kept = checkpoint === undefined ? size : Number(checkpoint)
    if (kept !== size && fileCut.hasSubscribers)
      fileCut.publish({ topology, component, path, checkpoint: kept, length: size })
    // A shorter file was cut or changed by somebody else: what is gone was delivered, so go on at its end.
    if (kept < size) {
      await handle.truncate(kept)
      size = kept
    }
    await handle.sync()
    await syncFolder(dirname(path))
    return new FileSink(config, context, handle, size)
  } catch (error) {
    await handle?.close()
    throw unavailable(path, error)
  }
}

/** A new file's name is on disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // it cannot open folders
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const unavailable = (path: string, error: unknown): HeddleError =>
  new HeddleError('HEDDLE_SINK_UNAVAILABLE', `cannot write ${path}: ${errorMessage(error)}`, { cause: error })

class FileSink implements Sink {
  readonly maxBatch: number
  readonly concurrency = 1
  readonly checkpoint: string
  readonly #config: FileSinkConfig
  readonly #context: SinkContext
  readonly #handle: FileHandle
  #length: number
  /** A write failed halfway: what it left is cut before the next. */
  #torn = false

  constructor(config: FileSinkConfig, context: SinkContext, handle: FileHandle, length: number) {
    this.#config = config
    this.#context = context
    this.#handle = handle
    this.#length = length
    this.maxBatch = config.batch
    this.checkpoint = String(length)
  }

  async write(events: readonly Event[]): Promise<string> {
    const { path } = this.#config
    const { topology, component } = this.#context
    const started = performance.now()
    const chunk = Buffer.from(events.map((event) => this.#line(event)).join(''))
    try {
      if (this.#torn) await this.#handle.truncate(this.#length)
      this.#torn = true
      let written = 0
      while (written < chunk.byteLength) {
        const result = await this.#handle.write(
          chunk,
          written,
          chunk.byteLength - written,
          this.#length + written,
        )
        written += result.bytesWritten
      }
      await this.#handle.datasync()
      this.#torn = false
    } catch (error) {
      throw unavailable(path, error)
    }
    this.#length += chunk.byteLength
    if (fileWritten.hasSubscribers)
      fileWritten.publish({
        topology,
        component,
        path,
        events: events.length,
        bytes: chunk.byteLength,
        ms: performance.now() - started,
      })
    return String(this.#length)
  }

  #line(event: Event): string {
    const value = this.#config.format === 'data' ? toStructured(event)['data'] : toStructured(event)
    return `${JSON.stringify(value ?? null)}\n`
  }

  async close(): Promise<void> {
    inUse.delete(this.#config.path)
    await this.#handle.close()
  }
}
