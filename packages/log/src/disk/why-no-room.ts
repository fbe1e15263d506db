import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Why the disk does not take `bytes` more after the end of `file`; `undefined` when it does.
 *
 * Where a write is cut short, as the last one on a full disk mostly is, LMDB reports a general I/O error. Writing as much
 * at the same place of another file tells a full disk, or a limit on the size of files, from a broken one.
 */
export function whyNoRoom(file: string, bytes: number): unknown {
  const probe = `${dirname(file)}/room.probe`
  let descriptor: number | undefined
  try {
    descriptor = openSync(probe, 'w')
    const block = Buffer.alloc(Math.max(4096, bytes))
    const end = statSync(file).size
    for (let written = 0; written < block.length;)
      written += writeSync(descriptor, block, written, block.length - written, end + written)
    return undefined
  } catch (error) {
    return error
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
    rmSync(probe, { force: true })
  }
}
