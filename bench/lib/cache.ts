import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../tools/run.ts'

/**
 * A folder with something that a bench needs, made once for each clone and named for what it is made of, so that a changed
 * source is made anew. One that was cut off is never found.
 *
 * @param madeOf Files, whose content counts, and texts such as a version.
 * @param make Fills the folder that it gets.
 * @throws what `make` throws.
 */
export async function cached(
  name: string,
  madeOf: { readonly files?: readonly string[]; readonly texts?: readonly string[] },
  make: (folder: string) => Promise<unknown>,
): Promise<string> {
  const hash = createHash('sha256')
  for (const file of madeOf.files ?? []) hash.update(readFileSync(file))
  for (const text of madeOf.texts ?? []) hash.update(text)
  const parent = join(root, '.cache', 'bench')
  const folder = join(parent, `${name}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(folder)) return folder
  process.stderr.write(`bench: getting ${name}, once for this clone\n`)
  mkdirSync(parent, { recursive: true })
  const making = mkdtempSync(join(parent, '.making-'))
  try {
    await make(making)
    renameSync(making, folder)
    return folder
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}
