import { expect, it } from 'vitest'
import { AddressGuard } from './address-guard.ts'

const guard = new AddressGuard([])

it.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.31.255.255',
  '192.168.0.1',
  '198.19.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::FFFF:10.0.0.1',
  '::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '2002:7f00:1::',
])('%s is not called', (address) => {
  expect(guard.allows(address)).toBe(false)
})

it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '::ffff:8.8.8.8', '2606:4700::1111', '2a00::1'])(
  '%s is called',
  (address) => {
    expect(guard.allows(address)).toBe(true)
  },
)

it('lets those networks be called that it was given, and no others', () => {
  const some = new AddressGuard(['10.1.0.0/16', '::1', '192.168.1.7', 'fd00::/8'])
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::1', '192.168.1.7', 'fd12::3', '1.1.1.1'])
    expect(some.allows(address)).toBe(true)
  for (const address of ['10.2.0.1', '127.0.0.1', '192.168.1.8', 'fe80::1'])
    expect(some.allows(address)).toBe(false)
  expect(new AddressGuard(['any']).allows('169.254.169.254')).toBe(true)
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0', ''])
    expect(() => new AddressGuard([wrong])).toThrow(`'${wrong}' is no network`)
})

it('gives of the addresses of a name only those that may be called', async () => {
  const look = (from: AddressGuard, all: boolean) =>
    new Promise((resolve) => {
      from.lookup('localhost', { all }, (error, address) => resolve(error ?? address))
    })
  expect(await look(guard, true)).toMatchObject({ code: 'HEDDLE_PUSH_FORBIDDEN' })
  expect(await look(guard, false)).toMatchObject({ code: 'HEDDLE_PUSH_FORBIDDEN' })
  const four = new AddressGuard(['127.0.0.1'])
  expect(await look(four, false)).toBe('127.0.0.1')
  expect(await look(four, true)).toEqual([{ address: '127.0.0.1', family: 4 }])
})
