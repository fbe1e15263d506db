import { HeddleError } from '@heddle/core'
import type { Address } from './connection.ts'

/** Where Nimbus listens when nothing else is said (`nimbus.thrift.port`). */
const usualPort = 6627

/**
 * The seeds that an address names.
 *
 * ```
 * url  = "storm://" seed *("," seed)
 * seed = host [":" port]
 * ```
 *
 * @throws HEDDLE_CONFIG_INVALID
 * @example parseStormUrl('storm://nimbus-1,nimbus-2:6628')
 */
export function parseStormUrl(url: string): readonly Address[] {
  const [, hosts] = /^storm:\/\/([^/?#@]+)\/?$/.exec(url) ?? []
  const seeds = (hosts?.split(',') ?? []).map((seed) =>
    /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(seed),
  )
  const addresses = seeds.map((seed) => ({ host: seed?.[1] ?? '', port: Number(seed?.[2] ?? usualPort) }))
  if (addresses.length === 0 || addresses.some(({ host, port }) => host === '' || port < 1 || port > 65_535))
    throw new HeddleError(
      'HEDDLE_CONFIG_INVALID',
      `engine: '${url}' is not 'storm://nimbus:6627,nimbus2:6627'`,
      {
        info: { setting: 'engine' },
      },
    )
  return addresses.map(({ host, port }) => ({ host: host.replace(/^\[(.*)\]$/, '$1'), port }))
}
