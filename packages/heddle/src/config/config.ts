/**
 * The configuration: what a user may write, and what it becomes once it is checked.
 *
 * @module
 */
import type { Duration, Size, TopicOptions } from '@heddle/core'

/** A topic that is made at the start, if it is missing. */
export interface TopicConfigInput extends TopicOptions {
  readonly name: string
  readonly durability?: 'fsync' | 'os'
}

/** A webhook: `POST /webhooks/<name>` checks the signature, and what is posted becomes an event of `topic`. */
export interface WebhookInput {
  readonly topic: string
  readonly signature: 'github' | 'standard-webhooks' | 'none'
  /** Shared secret; needed unless `signature` is `none`. `${NAME}` is replaced by that environment variable. */
  readonly secret?: string
}

/**
 * How a log on Kafka is reached, beside its address. Paths are of PEM files and start at the configuration file; `${NAME}` in a
 * secret is replaced by that environment variable.
 */
export interface KafkaInput {
  readonly tls?: {
    /** The authorities that brokers are trusted by. Default: those that Node trusts. */
    readonly ca?: string
    /** This client's own, for brokers that ask for it. */
    readonly cert?: string
    readonly key?: string
    /** Secret: of the key. */
    readonly passphrase?: string
    /** Name in the brokers' certificates, where it is not the one that they are reached by. */
    readonly servername?: string
  }
  readonly sasl?:
    | {
        readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
        readonly username: string
        /** Secret. */
        readonly password: string
      }
    | { readonly mechanism: 'OAUTHBEARER'; readonly tokenFile: string }
    | {
        readonly mechanism: 'OAUTHBEARER'
        /** Token endpoint of an authorization server, which is asked by the client credentials grant. */
        readonly tokenUrl: string
        readonly clientId: string
        /** Secret. */
        readonly clientSecret: string
        readonly scope?: string
      }
  /** Topics whose events are written in the structured mode of CloudEvents, for readers that know no other. */
  readonly structured?: readonly string[]
}

/**
 * What heddle.config.ts, .json or .yaml may hold; everything is optional. docs/reference/configuration.md describes each
 * setting, its environment variable and its flag.
 */
export interface HeddleConfigInput {
  readonly data?: string
  readonly log?: string
  readonly kafka?: KafkaInput
  readonly http?: {
    readonly host?: string
    readonly port?: number
    readonly maxBody?: Size
  }
  readonly gateway?: {
    readonly publishTimeout?: Duration
    readonly buffer?: {
      readonly path?: string
      readonly maxBytes?: Size
      readonly maxAge?: Duration
    }
  }
  readonly stomp?: {
    readonly port?: number | 'none'
    readonly host?: string
    /** Passcodes by login. `${NAME}` is replaced by that environment variable. */
    readonly users?: Readonly<Record<string, string>>
    /** Files, whose paths start at the configuration file. */
    readonly tls?: { readonly cert?: string; readonly key?: string }
    readonly partitions?: number
  }
  readonly topologies?: readonly string[]
  readonly topics?: readonly TopicConfigInput[]
  readonly webhooks?: Readonly<Record<string, WebhookInput>>
  readonly push?: { readonly allow?: readonly string[] }
  readonly drain?: Duration
  readonly keyPartitions?: number | 'auto'
  readonly instance?: string
  readonly standby?: number
  readonly threads?: {
    readonly isolation?: Isolation
    readonly memory?: Size
    readonly hangTimeout?: Duration
  }
  readonly logging?: {
    readonly level?: LogLevel
    readonly format?: LogFormat
  }
}

export const isolations = ['thread', 'none'] as const
export type Isolation = (typeof isolations)[number]
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
export const logFormats = ['auto', 'pretty', 'json'] as const
export type LogFormat = (typeof logFormats)[number]

export interface StompConfig {
  readonly port: number
  readonly host: string
  /** Passcodes by login; everybody is let in when there are none. */
  readonly users: Readonly<Record<string, string>>
  /** `undefined`: plain TCP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly partitions: number
}

/** The configuration, checked and complete. Paths are absolute, times in milliseconds, sizes in bytes. */
export interface HeddleConfig {
  readonly data: string
  /** `embedded`, or the address of another log. */
  readonly log: string
  readonly kafka: KafkaInput
  readonly http: { readonly host: string; readonly port: number; readonly maxBodyBytes: number }
  readonly gateway: {
    readonly publishTimeoutMs: number
    /** `undefined`: without a buffer. */
    readonly buffer:
      | { readonly path: string; readonly maxBytes: number; readonly maxAgeMs: number }
      | undefined
  }
  /** `undefined`: there is no STOMP. */
  readonly stomp: StompConfig | undefined
  readonly topologies: readonly string[]
  readonly topics: readonly TopicConfigInput[]
  readonly webhooks: Readonly<Record<string, WebhookInput>>
  readonly push: { readonly allow: readonly string[] }
  readonly drainMs: number
  readonly keyPartitions: number | 'auto'
  readonly instance: string
  readonly standby: number
  readonly threads: {
    readonly isolation: Isolation
    readonly memoryBytes: number
    readonly hangTimeoutMs: number
  }
  readonly logging: { readonly level: LogLevel; readonly format: LogFormat }
}

/**
 * Types a configuration file; returns what it is given.
 *
 * @example
 * // heddle.config.ts
 * import { defineConfig } from 'heddle'
 * export default defineConfig({ http: { port: 8080 }, topologies: ['topologies'] })
 */
export const defineConfig = (config: HeddleConfigInput): HeddleConfigInput => config
