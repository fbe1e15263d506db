import { channel } from 'node:diagnostics_channel'
import type { FileCut } from '@heddle/connectors'
import { expect, test } from 'vitest'
import { logEvents } from './log-events.ts'
import type { Logger } from './logger.ts'

test('what an operator should know is logged, with its weight', () => {
  const logged: [level: string, message: string][] = []
  const level = (name: string) => (_: unknown, message?: string) => void logged.push([name, message ?? ''])
  const logger = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
  } as Logger
  const end = logEvents(logger)

  const refused = channel('heddle:gateway:refused')
  refused.publish({ method: 'GET', route: '/x', problem: { status: 404, code: 'A' }, error: new Error('a') })
  refused.publish({ method: 'GET', route: '/x', problem: { status: 500, code: 'B' }, error: new Error('b') })
  const cut: FileCut = { topology: 't', component: 'c', path: 'p', checkpoint: 10, length: 20 }
  channel('heddle:connectors:file-cut').publish(cut)
  channel('heddle:connectors:file-cut').publish({ ...cut, length: 5 })
  channel('heddle:log:corrupt').publish({ topic: 't' })
  end()
  channel('heddle:log:corrupt').publish({ topic: 't' })

  expect(logged).toEqual([
    ['debug', 'a request was refused'],
    ['warn', 'a request failed'],
    ['info', 'cut a file back to what was committed'],
    ['warn', 'a file is shorter than what was written to it; going on at its end'],
    ['error', 'a stored batch is damaged'],
  ])
})
