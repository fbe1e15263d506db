import { expect, test } from 'vitest'
import { brokerProperties, propertiesText } from './properties.ts'

const place = {
  broker: 2,
  data: '/data/2',
  controllers: [20_001, 20_002, 20_003],
  listeners: [
    ['PLAINTEXT', 20_011],
    ['SECURE', 20_012],
  ] as const,
  security: { PLAINTEXT: 'PLAINTEXT', SECURE: 'SASL_SSL' } as const,
}

test('a broker of three votes with the others, and keeps what one of them may lose', () => {
  expect(brokerProperties(place)).toMatchObject({
    'node.id': 2,
    'controller.quorum.voters': '1@127.0.0.1:20001,2@127.0.0.1:20002,3@127.0.0.1:20003',
    listeners: 'PLAINTEXT://127.0.0.1:20011,SECURE://127.0.0.1:20012,CONTROLLER://127.0.0.1:20002',
    'advertised.listeners': 'PLAINTEXT://127.0.0.1:20011,SECURE://127.0.0.1:20012',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT',
    'default.replication.factor': 3,
    'min.insync.replicas': 2,
    'transaction.state.log.min.isr': 2,
  })
})

test('one broker needs no other', () => {
  const alone = brokerProperties({ ...place, broker: 1, controllers: [20_001] })
  expect(alone).toMatchObject({ 'default.replication.factor': 1, 'min.insync.replicas': 1 })
})

test('values keep their backslashes and line ends in the file', () => {
  expect(propertiesText({ a: 1, path: 'C:\\x', text: 'one\ntwo', yes: true })).toBe(
    'a=1\npath=C:\\\\x\ntext=one\\ntwo\nyes=true\n',
  )
})
