import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Properties } from './properties.ts'

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /** File of the key followed by the certificate, as Kafka reads it. */
  readonly file: string
}

/** An authority for tests, made on the fly with openssl. */
export interface Authority {
  /** Its certificate, as PEM. */
  readonly ca: string
  readonly caFile: string
  /** A certificate for 127.0.0.1 and localhost, and for clients; one that has expired was valid until yesterday. */
  issue(name: string, validity?: 'valid' | 'expired'): Certificate
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** @param folder Its files are made here. */
export function makeAuthority(folder: string, name = 'authority'): Authority {
  const path = (file: string): string => join(folder, `${name}-${file}`)
  const [caFile, caKey] = [path('ca.pem'), path('ca.key')]
  openssl('req', '-x509', ...KEY, '-keyout', caKey, '-out', caFile, '-subj', `/CN=${name}`, '-days', '2')
  return {
    ca: readFileSync(caFile, 'utf8'),
    caFile,
    issue(subject, validity = 'valid') {
      const [key, request, cert] = [path(`${subject}.key`), path(`${subject}.csr`), path(`${subject}.crt`)]
      const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost'
      openssl('req', ...KEY, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`, '-addext', names)
      const days = validity === 'valid' ? '2' : '-1'
      const signed = ['-CA', caFile, '-CAkey', caKey, '-days', days, '-copy_extensions', 'copy']
      openssl('x509', '-req', '-in', request, ...signed, '-out', cert)
      const [certText, keyText] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')]
      const file = path(`${subject}.pem`)
      writeFileSync(file, keyText + certText)
      return { cert: certText, key: keyText, file }
    },
  }
}

/** The settings of a listener with TLS; with `clients` it asks its clients for certificates of that authority. */
export function tlsListener(listener: string, { file }: Certificate, clients?: Authority): Properties {
  const prefix = `listener.name.${listener.toLowerCase()}.ssl`
  return {
    [`${prefix}.keystore.type`]: 'PEM',
    [`${prefix}.keystore.location`]: file,
    ...(clients === undefined
      ? {}
      : {
          [`${prefix}.client.auth`]: 'required',
          [`${prefix}.truststore.type`]: 'PEM',
          [`${prefix}.truststore.location`]: clients.caFile,
        }),
  }
}

/**
 * The settings of a listener with every mechanism of SASL that we speak; of OAUTHBEARER the kind that takes unsigned tokens.
 * @param users Of PLAIN, with their passwords.
 */
export function saslListener(listener: string, users: Readonly<Record<string, string>>): Properties {
  const prefix = `listener.name.${listener.toLowerCase()}`
  const module = 'org.apache.kafka.common.security'
  const plain = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${prefix}.plain.sasl.jaas.config`]: `${module}.plain.PlainLoginModule required ${plain.join(' ')};`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: `${module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  }
}

/** An unsigned token, as `saslListener` takes it. */
export function unsignedToken(subject: string, issuedAtMs: number, lifetimeMs: number): string {
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url')
  const iat = Math.floor(issuedAtMs / 1_000)
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat, exp: iat + lifetimeMs / 1_000 })}.`
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
