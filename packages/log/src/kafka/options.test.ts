import { describe, expect, it } from 'vitest'
import { parseKafkaUrl, settingsOf } from './options.ts'

describe('an address of Kafka', () => {
  it('names brokers, options, and who asks', () => {
    expect(
      parseKafkaUrl('kafka+ssl://me:p%40ss@a:9093,b?compression=zstd&replicationFactor=3&mechanism=PLAIN'),
    ).toEqual({
      brokers: ['a:9093', 'b'],
      compression: 'zstd',
      replicationFactor: 3,
      tls: true,
      sasl: { mechanism: 'PLAIN', username: 'me', password: 'p@ss' },
    })
  })

  it('gives way to options beside it, but not to those that are undefined', () => {
    const settings = settingsOf({
      url: 'kafka://a,[::1]:1?clientId=x&lingerMs=5',
      clientId: 'y',
      lingerMs: undefined as never,
    })
    expect(settings.brokers).toEqual(['a:9092', '[::1]:1'])
    expect([settings.clientId, settings.lingerMs, settings.compression]).toEqual(['y', 5, 'none'])
  })

  it.each([
    ['http://a'],
    ['kafka://'],
    ['kafka://a?nonsense=1'],
    ['kafka://u:p@a?mechanism=GSSAPI'],
    ['kafka://a:99999'],
    ['kafka://a?lingerMs=-1'],
    ['kafka://a?lingerMs=abc'],
    ['kafka://a?compression=rar'],
  ])('is refused when it makes no sense: %s', (url) => {
    expect(() => settingsOf({ url })).toThrow(expect.objectContaining({ code: 'HEDDLE_CONFIG_INVALID' }))
  })

  it('never repeats a password', () => {
    expect(() => parseKafkaUrl('kafka//me:secret@a')).toThrow(expect.not.stringContaining('secret'))
  })
})
