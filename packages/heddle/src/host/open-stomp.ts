import { timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  type Clock,
  type Delivery,
  type Guard,
  HeddleError,
  type Log,
  type Principal,
  type Schedules,
  errorMessage,
} from '@heddle/core'
import type { StompCredentials, StompServer } from '@heddle/gateway/stomp'
import type { HeddleConfig, StompConfig } from '../config/config.ts'
import { version } from '../version.ts'

export interface OpenStompOptions {
  readonly log: Log
  readonly delivery: Delivery
  readonly schedules: Schedules
  readonly clock: Clock
  readonly guard: Guard | undefined
}

/** What CONNECT may offer over a WebSocket, the best first: https://stomp.github.io names none, clients use these. */
export const stompProtocols = ['v12.stomp', 'v11.stomp', 'v10.stomp']

/**
 * Makes the STOMP server and lets it listen.
 * @returns also its address, such as `127.0.0.1:61613`.
 * @throws HEDDLE_CONFIG_INVALID when a file cannot be read, HEDDLE_ADDRESS_IN_USE
 */
export async function openStomp(
  config: HeddleConfig & { readonly stomp: StompConfig },
  { clock, delivery, guard, log, schedules }: OpenStompOptions,
): Promise<{ readonly server: StompServer; readonly address: string }> {
  const { host, partitions, port, tls, users } = config.stomp
  const [{ createStompServer }, files] = await Promise.all([
    import('@heddle/gateway/stomp'),
    tls && Promise.all([text('cert', tls.cert), text('key', tls.key)]),
  ])
  const server = createStompServer({
    log,
    delivery,
    schedules,
    clock,
    partitions,
    instance: config.instance,
    server: `Heddle/${version}`,
    limits: { maxFrameBodyBytes: config.http.maxBodyBytes, drainMs: config.drainMs },
    ...(guard && { guard }),
    ...(Object.keys(users).length > 0 && { authenticate: (said) => login(users, said) }),
  })
  const at = await server.listen({ host, port, ...(files && { tls: { cert: files[0], key: files[1] } }) })
  return { server, address: `${at.host.includes(':') ? `[${at.host}]` : at.host}:${at.port}` }
}

function login(users: Readonly<Record<string, string>>, { login, passcode }: StompCredentials): Principal {
  if (login === undefined || passcode === undefined)
    throw new HeddleError('HEDDLE_UNAUTHENTICATED', 'CONNECT needs login and passcode')
  const known = Object.hasOwn(users, login) ? users[login]! : ''
  // In a time that does not tell how much of it was right.
  const [wanted, said] = [Buffer.from(known), Buffer.from(passcode)]
  if (known !== '' && wanted.length === said.length && timingSafeEqual(wanted, said)) return { name: login }
  throw new HeddleError('HEDDLE_UNAUTHENTICATED', 'login or passcode is wrong')
}

async function text(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new HeddleError('HEDDLE_CONFIG_INVALID', `stomp.tls.${name}: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}
