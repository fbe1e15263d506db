import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StompClient } from './client.ts'
import { commandOf, languages } from './clients/toolchains.ts'
import { type TestStomp, startHeddle } from './heddle.ts'

/** Clients of other languages as their users install them, each through all that a service does. */
const clients = languages.flatMap((language) => {
  const command = commandOf(language)
  return command ? [{ name: language.name, command }] : []
})

describe.skipIf(clients.length === 0)('clients of other languages', () => {
  let heddle: TestStomp
  beforeEach(async () => {
    heddle = await startHeddle({
      authenticate({ login, passcode }) {
        if (login === 'ann' && passcode === 'secret') return { name: 'ann' }
        throw new Error('wrong')
      },
    })
  })
  afterEach(() => heddle[Symbol.asyncDispose]())

  test.each(clients)('$name', async ({ command: [program, ...args] }) => {
    const child = spawn(program, [...args, heddle.stomp], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [seen, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
      expect(status).toBe(0)
      expect(JSON.parse(seen)).toEqual({
        bodies: [...Array.from({ length: 10 }, (_, n) => `grüße ${n}`), 'committed'],
        headers: ['0', 'a:b\nc\\d'],
        news: 'extra',
        answer: 'answer',
      })
    } finally {
      child.kill('SIGKILL')
    }
    // All was acknowledged, but for the one that was given up.
    await using look = await StompClient.connect(heddle.stomp, { login: 'ann', passcode: 'secret' })
    await look.done('SUBSCRIBE', { id: '1', destination: '/queue/work', browser: 'true' })
    expect((await look.message()).headers['browser']).toBe('end')
    await look.done('SUBSCRIBE', { id: '2', destination: '/queue/DLQ.work' })
    expect((await look.message()).body).toBe('grüße 0')
  })
})
