import { lookup as dnsLookup } from 'node:dns'
import { BlockList, type LookupFunction, isIP } from 'node:net'
import { HeddleError } from '@heddle/core'

/**
 * IPv4 networks that are not the public Internet: this host, private and shared ones, link-local (where clouds keep credentials),
 * those of tests and documentation, multicast and reserved ones.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const notPublic4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** IPv6: what is global unicast, and what of that is not public all the same: Teredo and other protocols, documentation, 6to4. */
const public6 = ['2000::/3']
const notPublic6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

/** IPv4 addresses in IPv6 clothes. */
const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i

/**
 * Keeps pushes away from addresses that only the host can reach: who may make a subscription must not reach the network of the host
 * with it (server-side request forgery). The addresses that are connected to are looked at, not the name: what a name means can
 * change between two questions.
 */
export class AddressGuard {
  readonly #anything: boolean
  readonly #allowed: BlockList
  readonly #notPublic = blockList([...notPublic4, ...notPublic6])
  readonly #public6 = blockList(public6)

  /**
   * @param allow Networks (`10.1.0.0/16`, `::1`) that may be called though they are not public; `any` for all.
   * @throws HEDDLE_CONFIG_INVALID
   */
  constructor(allow: readonly string[]) {
    this.#anything = allow.includes('any')
    this.#allowed = blockList(allow.filter((one) => one !== 'any'))
  }

  /** @throws HEDDLE_PUSH_FORBIDDEN when the host of a URL is an address that may not be called; names are looked at by `lookup`. */
  checkHost(hostname: string): void {
    const address = hostname.replace(/^\[|\]$/g, '')
    if (isIP(address) !== 0 && !this.allows(address)) throw forbidden(address)
  }

  allows(address: string): boolean {
    if (this.#anything) return true
    // The scope of a link-local address says nothing here.
    const plain = unmapped(address.split('%', 1)[0]!)
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
    if (this.#allowed.check(plain, family)) return true
    if (this.#notPublic.check(plain, family)) return false
    return family === 'ipv4' || this.#public6.check(plain, family)
  }

  /** Finds the addresses of a name, as `dns.lookup`, and gives only those that may be called. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const addresses = found.filter(({ address }) => this.allows(address))
      const first = addresses[0]
      if (!first) return callback(forbidden(hostname), '')
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

const forbidden = (what: string): HeddleError => new HeddleError('HEDDLE_PUSH_FORBIDDEN', what)

function unmapped(address: string): string {
  const [, dotted, high, low] = mapped.exec(address) ?? []
  if (dotted !== undefined) return dotted
  if (high === undefined || low === undefined) return address
  const bits = [high, low].map((part) => Number.parseInt(part, 16))
  return bits.flatMap((part) => [part >> 8, part & 255]).join('.')
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const version = isIP(address)
    try {
      if (version === 0) throw new Error('it is no address')
      const family = version === 6 ? 'ipv6' : 'ipv4'
      list.addSubnet(address, Number(prefix ?? (version === 6 ? 128 : 32)), family)
    } catch (error) {
      throw new HeddleError(
        'HEDDLE_CONFIG_INVALID',
        `push.allow: '${network}' is no network; write 10.1.0.0/16, 192.168.1.7, fd00::/8, or any`,
        { cause: error },
      )
    }
  }
  return list
}
