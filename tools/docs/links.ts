import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../run.ts'

/** Links of a page that lead nowhere: files that are not there, and headings that are not in them. */
export function deadLinks(page: string): readonly string[] {
  const text = readFileSync(root + page, 'utf8').replaceAll(/```[\s\S]*?```/g, (block) =>
    block.replaceAll(/[^\n]/g, ''),
  )
  const dead: string[] = []
  for (const [index, line] of text.split('\n').entries())
    for (const [, target] of line.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(target!)) continue
      const [path, heading] = target!.split('#') as [string, string?]
      const file = path === '' ? page : join(dirname(page), path)
      if (!existsSync(root + file)) dead.push(`${page}:${index + 1} links to ${target}, which is not there`)
      else if (heading !== undefined && file.endsWith('.md') && !headings(file).has(heading))
        dead.push(`${page}:${index + 1} links to ${target}, and there is no such heading`)
    }
  return dead
}

/** Headings of a page as links name them. */
function headings(page: string): ReadonlySet<string> {
  const found = readFileSync(root + page, 'utf8').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...found].map(([, text]) =>
      text!
        .toLowerCase()
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  )
}
