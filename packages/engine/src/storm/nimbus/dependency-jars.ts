import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { HeddleError, errorMessage } from '@heddle/core'
import type { Nimbus } from './nimbus.ts'

/**
 * Uploads jars, and submits a topology that needs them. Nimbus deletes them with the topology; where it is not submitted after
 * all, they are deleted here.
 *
 * @throws HEDDLE_MODULE_INVALID when one cannot be read; what `submit` throws.
 */
export async function withJars(
  nimbus: Nimbus,
  paths: readonly string[],
  submit: (keys: readonly string[]) => Promise<void>,
): Promise<void> {
  const jars = await Promise.all(paths.map(readJar))
  const keys: string[] = []
  try {
    for (const { key, bytes } of jars) {
      keys.push(key)
      await nimbus.createBlob(key, bytes)
    }
    await submit(keys)
  } catch (error) {
    await Promise.allSettled(keys.map((key) => nimbus.call('deleteBlob', { key })))
    throw error
  }
}

async function readJar(path: string): Promise<{ readonly key: string; readonly bytes: Buffer }> {
  try {
    // As Storm's own client names them: the name is that of the file on the workers.
    const name = basename(path).replaceAll(/[^\w.-]/g, '_')
    return { key: `dep-${randomUUID()}-${name}`, bytes: await readFile(path) }
  } catch (error) {
    throw new HeddleError('HEDDLE_MODULE_INVALID', `the jar cannot be read: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}
