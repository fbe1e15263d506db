import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = fileURLToPath(new URL('..', import.meta.url))

interface Item {
  text: string
  link: string
}

/** The pages of a folder, by their first heading; `first` come first, in that order. */
function pages(folder: string, first: readonly string[] = []): Item[] {
  const names = readdirSync(docs + folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => name.replace(/\.md$/, ''))
    .sort((a, b) => rank(first, a) - rank(first, b) || a.localeCompare(b))
  return names.map((name) => {
    const title = /^# (.+)$/m.exec(readFileSync(`${docs}${folder}/${name}.md`, 'utf8'))?.[1] ?? name
    return { text: title.replaceAll('`', ''), link: `/${folder}/${name === 'index' ? '' : name}` }
  })
}

const rank = (first: readonly string[], name: string): number => {
  const at = first.indexOf(name)
  return at < 0 ? first.length : at
}

export default defineConfig({
  title: 'Heddle',
  description: 'A messaging fabric between services, in TypeScript, on Kafka and Storm.',
  srcExclude: ['package.json', '**/README.md'],
  cleanUrls: true,
  lastUpdated: false,
  // Links to sources lead out of the site; tools/docs checks them all.
  ignoreDeadLinks: true,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guides', link: '/guides/getting-started' },
      { text: 'Operators', link: '/reference/operators/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      {
        text: 'Guides',
        items: pages('guides', [
          'getting-started',
          'concepts',
          'topologies',
          'yaml',
          'publish-and-read',
          'subscriptions',
          'schedules',
          'webhooks-out',
          'kafka',
          'testing',
        ]),
      },
      { text: 'Coming from', items: pages('coming-from') },
      { text: 'Operators', collapsed: true, items: pages('reference/operators', ['index', 'from', 'to']) },
      { text: 'Reference', items: pages('reference') },
      { text: 'Internals', collapsed: true, items: pages('internals') },
      { text: 'Decisions', collapsed: true, items: pages('decisions') },
    ],
  },
})
