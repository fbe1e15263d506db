import { generateKeyPairSync, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { signer, whyNoKey } from './signature.ts'

const key = (byte: number): string => `whsec_${Buffer.alloc(24, byte).toString('base64')}`
const now = Math.floor(Date.now() / 1000)

it('is one that the library of Standard Webhooks accepts, with each of the keys', () => {
  const body = '{"id":"ü"}'
  const headers = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(now),
    'webhook-signature': signer([key(1), key(2)])!('evt_1', now, body),
  }
  for (const byte of [1, 2]) expect(new Webhook(key(byte)).verify(body, headers)).toEqual({ id: 'ü' })
  expect(() => new Webhook(key(3)).verify(body, headers)).toThrow('No matching signature')
  expect(() => new Webhook(key(1)).verify('{}', headers)).toThrow('No matching signature')
})

it('is of ed25519 with a private key, with or without its public one behind it', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { d, x } = privateKey.export({ format: 'jwk' })
  const seed = Buffer.from(d!, 'base64url')
  for (const bytes of [seed, Buffer.concat([seed, Buffer.from(x!, 'base64url')])]) {
    const secret = `whsk_${bytes.toString('base64')}`
    expect(whyNoKey(secret)).toBeUndefined()
    const [version, signature] = signer([secret])!('evt_1', 5, 'body').split(',')
    expect(version).toBe('v1a')
    const content = Buffer.from('evt_1.5.body')
    expect(verify(null, content, publicKey, Buffer.from(signature!, 'base64'))).toBe(true)
  }
})

it('is none without keys', () => {
  expect(signer([])).toBeUndefined()
})
