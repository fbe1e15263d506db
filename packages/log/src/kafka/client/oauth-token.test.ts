import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManualClock } from '@heddle/core'
import { afterEach, describe, expect, it } from 'vitest'
import { tokenProvider } from './oauth-token.ts'

const timeoutMs = 5_000
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function endpoint(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}

const credentials = { clientId: 'me', clientSecret: 'a:b' }

describe('the token of a client', () => {
  it('is asked for once by connections that are made together, and again when it is near its end', async () => {
    const clock = new ManualClock(0)
    const bodies: string[] = []
    let given = 0
    const tokenUrl = await endpoint((request, response) => {
      expect(request.headers.authorization).toBe(`Basic ${btoa('me:a%3Ab')}`)
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
      request.on('end', () => response.end(JSON.stringify({ access_token: `t${++given}`, expires_in: 100 })))
    })
    const token = tokenProvider({ tokenUrl, ...credentials, scope: 'kafka' }, clock, timeoutMs)
    expect(await Promise.all([token(), token()])).toEqual(['t1', 't1'])
    await clock.advance(79_000)
    expect(await token()).toBe('t1')
    await clock.advance(1_000)
    expect(await token()).toBe('t2')
    expect(bodies[0]).toBe('grant_type=client_credentials&scope=kafka')
  })

  it('is asked for again after a failure, which may pass where the endpoint is not well', async () => {
    let answers = [503, 401, 200]
    const tokenUrl = await endpoint((_, response) => {
      const [status] = answers
      answers = answers.slice(1)
      response.statusCode = status!
      response.end(status === 200 ? '{"access_token":"t"}' : '{"error":"invalid_client"}')
    })
    const token = tokenProvider({ tokenUrl, ...credentials }, new ManualClock(0), timeoutMs)
    await expect(token()).rejects.toMatchObject({ id: 'NETWORK_EXCEPTION', retryable: true })
    await expect(token()).rejects.toMatchObject({ id: 'SASL_AUTHENTICATION_FAILED', retryable: false })
    expect(await token()).toBe('t')
  })

  it('cannot come from where nobody listens, or from a file that is not there', async () => {
    const nobody = await endpoint(() => {})
    for (const close of closing.splice(0)) close()
    const clock = new ManualClock(0)
    await expect(
      tokenProvider({ tokenUrl: nobody, ...credentials }, clock, timeoutMs)(),
    ).rejects.toMatchObject({ retryable: true, message: expect.stringContaining('ECONNREFUSED') as string })
    await expect(tokenProvider({ tokenFile: '/no/such/token' }, clock, timeoutMs)()).rejects.toMatchObject({
      id: 'SASL_AUTHENTICATION_FAILED',
      retryable: false,
    })
  })
})
