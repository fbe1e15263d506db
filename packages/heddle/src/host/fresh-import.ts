import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** In the address of a module: which import it belongs to. */
const parameter = 'heddle-import'

let imports = 0
let hooked = false
/** Files of each import, by its number, while it is under way. */
const loading = new Map<string, Set<string>>()

export interface FreshImport {
  readonly module: Readonly<Record<string, unknown>>
  /** The file and the files that it imports, without those of packages. */
  readonly files: readonly string[]
}

/**
 * Imports a file as if for the first time: it and all that it imports, packages apart, are read again.
 *
 * Node keeps every module for ever under its address. So each import gets a number, in the query of the address, and a
 * resolve hook hands the number on from a module to the ones that it imports. The old modules stay in memory, which is
 * why only `heddle dev` does this more than once.
 */
export async function importFresh(path: string): Promise<FreshImport> {
  if (!hooked) hook()
  const number = String(++imports)
  const files = new Set([path])
  loading.set(number, files)
  try {
    const url = pathToFileURL(path)
    url.searchParams.set(parameter, number)
    return { module: (await import(url.href)) as Record<string, unknown>, files: [...files] }
  } catch (error) {
    throw withFiles(error, files)
  } finally {
    loading.delete(number)
  }
}

const importedFiles = Symbol('heddle.importedFiles')

/** An error with the files that were read before it: whoever watches has to know them until they are corrected. */
export function withFiles(error: unknown, files: Iterable<string>): unknown {
  if (error instanceof Error) Object.defineProperty(error, importedFiles, { value: [...files] })
  return error
}

/** Files that were read before an import failed with this error. */
export function filesOfFailure(error: unknown): readonly string[] {
  return error instanceof Error
    ? ((error as { [importedFiles]?: readonly string[] })[importedFiles] ?? [])
    : []
}

function hook(): void {
  hooked = true
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      const number = context.parentURL?.startsWith('file:')
        ? new URL(context.parentURL).searchParams.get(parameter)
        : null
      // A bare name is a package, also one of a workspace, whose files are not below node_modules.
      if (number === null || !/^(\.|\/|file:)/.test(specifier) || !resolved.url.startsWith('file:'))
        return resolved
      const url = new URL(resolved.url)
      if (url.pathname.includes('/node_modules/')) return resolved
      url.searchParams.set(parameter, number)
      loading.get(number)?.add(fileURLToPath(url))
      return { ...resolved, url: url.href }
    },
  })
}
