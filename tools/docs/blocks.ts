import { globSync, readFileSync } from 'node:fs'
import { root } from '../run.ts'

/** A block of code in a page. */
export interface Block {
  readonly page: string
  /** Line of its first line of code, from 1 on. */
  readonly line: number
  readonly language: string
  /** What stands behind the language: `no-run`. */
  readonly mark: string
  readonly code: string
}

const ownFolders = ['docs/node_modules/', 'docs/api/', 'docs/.vitepress/']

/** All pages that people read. */
export const pages = (): readonly string[] =>
  globSync(['docs/**/*.md', 'README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'examples/README.md'], {
    cwd: root,
  })
    .map((page) => page.replaceAll('\\', '/'))
    .filter((page) => !ownFolders.some((folder) => page.startsWith(folder)))
    .sort()

/** The fenced blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = []
  let open: { indent: string; language: string; mark: string; line: number; code: string[] } | undefined
  for (const [at, line] of readFileSync(root + page, 'utf8')
    .split('\n')
    .entries()) {
    const fence = /^(\s*)```(\S*)\s*(.*)$/.exec(line)
    if (open === undefined) {
      if (fence) open = { indent: fence[1]!, language: fence[2]!, mark: fence[3]!, line: at + 2, code: [] }
    } else if (fence && fence[2] === '') {
      blocks.push({
        page,
        line: open.line,
        language: open.language,
        mark: open.mark,
        code: `${open.code.join('\n')}\n`,
      })
      open = undefined
    } else open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
  }
  return blocks
}
