import { channel } from 'node:diagnostics_channel'
import { ManualClock } from '@heddle/core'
import { expect, test } from 'vitest'
import { logRestores } from './log-restores.ts'
import type { Logger } from './logger.ts'

test('a restore is told of after a second, then every five, and at its end; a short one is not', async () => {
  const clock = new ManualClock(1_000_000)
  const lines: unknown[] = []
  const write =
    (level: string) =>
    (facts: { readonly done: number }, message: string): void =>
      void lines.push([level, message, facts.done])
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const end = logRestores(logger as unknown as Logger, clock)
  const say = (store: string, state: string, done: number): void =>
    channel('heddle:log:kafka:restore').publish({
      store,
      state,
      done,
      total: 100,
      records: done,
      bytes: 0,
      elapsedMs: clock.now() - 1_000_000,
      standby: false,
    })
  say('short', 'running', 0)
  say('short', 'done', 100)
  for (let second = 0; second <= 12; second++) {
    say('long', 'running', second)
    await clock.advance(1000)
  }
  say('long', 'done', 100)
  say('broken', 'failed', 7)
  end()
  say('long', 'failed', 1)
  expect(lines).toEqual([
    ['info', 'restoring state', 1],
    ['info', 'restoring state', 6],
    ['info', 'restoring state', 11],
    ['info', 'state is restored', 100],
    ['warn', 'state could not be restored', 7],
  ])
})
