import { cp, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HeddleError } from '@heddle/core'
import { version } from '../../version.ts'
import { print, printJson } from '../output.ts'

const template = fileURLToPath(new URL('../../../templates/basic', import.meta.url))

/** npm leaves files of these names out of a package, or takes them for its own; so the template has them as `_name`. */
const renamed = ['package.json', 'gitignore'] as const

/** `heddle init`: copies the template into an empty folder. */
export async function init(
  folder: string | undefined,
  options: { yes?: boolean; json?: boolean },
): Promise<void> {
  const target = resolve(folder ?? (await askFolder(options)))
  const present = await readdir(target).catch(() => [])
  // A fresh repository is as good as empty.
  if (present.some((name) => name !== '.git'))
    throw new HeddleError('HEDDLE_CONFIG_INVALID', `${target} is not empty; name another folder`)
  await mkdir(target, { recursive: true })
  await cp(template, target, { recursive: true })
  for (const name of renamed)
    await rename(join(target, `_${name}`), join(target, name === 'gitignore' ? '.gitignore' : name))

  const manifest = join(target, 'package.json')
  const name =
    basename(target)
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '') || 'my-fabric'
  const text = await readFile(manifest, 'utf8')
  await writeFile(manifest, text.replace('{{name}}', name).replace('{{version}}', version))

  const made = (await readdir(target, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(target, join(entry.parentPath, entry.name)))
    .sort()
  if (options.json) return printJson({ folder: target, files: made })
  print(
    `made ${target} with ${made.join(', ')}\n\nnext:\n  cd ${relative(process.cwd(), target) || '.'}\n  npm install\n  npx heddle dev`,
  )
}

async function askFolder({ yes, json }: { yes?: boolean; json?: boolean }): Promise<string> {
  if (yes || json || !process.stdin.isTTY) return '.'
  const prompts = await import('@clack/prompts')
  const answer = await prompts.text({
    message: 'Where?',
    placeholder: 'my-fabric',
    defaultValue: 'my-fabric',
  })
  if (typeof answer === 'string') return answer
  throw new HeddleError('HEDDLE_CONFIG_INVALID', 'nothing was made')
}
