import { isIP } from 'node:net'
import type { ConnectionOptions } from '@platformatic/kafka'
import type { Settings } from '../options.ts'
import { tokenProvider } from './oauth-token.ts'

/** What the library is told of how to reach brokers, and who asks. */
export function connectionOptions(settings: Settings): ConnectionOptions {
  const { sasl, tls, connectTimeoutMs } = settings
  return {
    connectTimeout: connectTimeoutMs,
    // Waiting for answers is bounded by what each lane sends.
    maxInflights: 64,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    ...(sasl === undefined
      ? {}
      : {
          sasl:
            sasl.mechanism === 'OAUTHBEARER'
              ? {
                  mechanism: sasl.mechanism,
                  token: tokenProvider(sasl, settings.clock, connectTimeoutMs),
                  authBytesValidator: refuseInvalidToken,
                }
              : sasl,
        }),
  }
}

/** The name that a broker's certificate is to have, and that it is told; there is no such thing for an address. */
export const serverName = ({ tls }: Settings, host: string): ConnectionOptions =>
  tls === undefined ? {} : { tlsServerName: tls.servername ?? isIP(host) === 0 }

/**
 * A broker that does not take a token answers without an error, with JSON that says why (RFC 7628 § 3.2.2), and closes the
 * connection at the next request: which would look as if it were out of reach.
 */
function refuseInvalidToken(answer: Buffer, done: (error: Error | null, answer: Buffer) => void): void {
  done(
    answer.length === 0 ? null : new Error(`the token is not accepted: ${answer.toString('utf8')}`),
    answer,
  )
}
