import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { basename } from 'node:path'
import type { createClient } from '@heddle/client'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from './serve.ts'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
)
const skipped = installed === undefined && process.env['CI'] === undefined
if (skipped) console.warn('skipped: no Chromium is installed (on Debian: apt-get install chromium)')

const html = `<!doctype html><title>client</title>
<script type="module">import { createClient } from './index.ts'; Object.assign(globalThis, { createClient })</script>`

/** What the page has. */
interface Page {
  createClient: typeof createClient
  ids: string[]
}
declare const window: Page

/** A page of another origin, and the sources of the client beside it as a browser can load them. */
async function pages(): Promise<{ url: string } & AsyncDisposable> {
  const sources = new URL('../../packages/client/src/', import.meta.url)
  const server = createServer((request, response) => {
    const name = basename(request.url ?? '')
    if (!name.endsWith('.ts')) return response.setHeader('content-type', 'text/html').end(html)
    readFile(new URL(name, sources), 'utf8').then(
      (source) => response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(source)),
      () => response.writeHead(404).end(),
    )
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

let browser: Browser | undefined
beforeAll(async () => {
  if (!skipped) browser = await chromium.launch({ executablePath: installed!, args: ['--no-sandbox'] })
})
afterAll(() => browser?.close())

test.skipIf(skipped)(
  'the client publishes and follows in a browser, from a page of another origin',
  async () => {
    await using site = await pages()
    await using served = await serve({ cors: [new URL(site.url).origin] }, 1)
    const page = await browser!.newPage()
    await page.goto(site.url)
    const seen = await page.evaluate(async (url) => {
      const client = window.createClient({ url })
      const results = await client.publish('orders', [
        { type: 'a', id: '1', data: { text: 'é' } },
        { type: '' },
        { type: 'b', id: '2', data: new Uint8Array([1]), datacontenttype: 'application/x' },
      ])
      const events: unknown[] = []
      for await (const { cursor, event } of client.subscribe('orders', { from: 'earliest' })) {
        events.push({
          id: event.id,
          data: event.data instanceof Uint8Array ? `${event.data.length} bytes` : event.data,
          cursor,
        })
        if (events.length === 2) break
      }
      const unknown = await client
        .publish('ordres', { type: 'a' })
        .catch((error: { code: string }) => error.code)
      await client.close()
      return { results: results.map(({ status }) => status), events, unknown }
    }, served.url)
    expect(seen).toEqual({
      results: ['fulfilled', 'rejected', 'fulfilled'],
      events: [
        { id: '1', data: { text: 'é' }, cursor: '0:1' },
        { id: '2', data: '1 bytes', cursor: '0:2' },
      ],
      unknown: 'HEDDLE_LOG_UNKNOWN_TOPIC',
    })
    await page.close()
  },
)

test.skipIf(skipped)(
  'the client shares the work of a subscription, asks and replies in a browser',
  async () => {
    await using site = await pages()
    await using served = await serve({ cors: [new URL(site.url).origin] }, 1)
    const page = await browser!.newPage()
    await page.goto(site.url)
    const seen = await page.evaluate(async (url) => {
      const client = window.createClient({ url })
      const prices = client.subscription('prices')
      await prices.create({ topics: ['orders'] })
      const ended = new AbortController()
      const working = prices.work<number>(
        (asked) => client.reply(asked, { type: 'price', data: asked.data * 2 }),
        { signal: ended.signal },
      )
      const price = await client.request<number>(
        'orders',
        { type: 'asked', data: 21 },
        { timeoutMs: 100_000 },
      )
      ended.abort()
      await working
      const { backlog } = await prices.describe()
      await prices.delete()
      await client.close()
      return { data: price.data, backlog }
    }, served.url)
    expect(seen).toEqual({ data: 42, backlog: 0 })
    await page.close()
  },
  120_000,
)

test.skipIf(skipped)("a browser's own EventSource goes on after the gateway was restarted", async () => {
  await using site = await pages()
  const cors = [new URL(site.url).origin]
  await using served = await serve({ cors, limits: { sseRetryMs: 10 } }, 1)
  const page = await browser!.newPage()
  await page.goto(site.url)
  await page.evaluate((url) => {
    const ids: string[] = []
    Object.assign(globalThis, { ids })
    const source = new EventSource(`${url}?from=earliest`)
    source.addEventListener('message', (message) =>
      ids.push((JSON.parse(String(message.data)) as { id: string }).id),
    )
  }, served.events)
  const append = (id: string) =>
    served.log.append('orders', [
      {
        value: null,
        headers: [
          ['ce_specversion', '1.0'],
          ['ce_id', id],
          ['ce_source', '/s'],
          ['ce_type', 't'],
        ],
      },
    ])
  const seen = (count: number) => page.waitForFunction((wanted) => window.ids.length >= wanted, count)
  await append('1')
  await seen(1)
  const port = Number(new URL(served.url).port)
  await served.gateway.close()
  await append('2')
  await using again = await serve({ cors, log: served.log }, 1, port)
  await append('3')
  await seen(3)
  expect(await page.evaluate(() => window.ids)).toEqual(['1', '2', '3'])
  await page.close()
  expect(again.url).toBe(served.url)
})
