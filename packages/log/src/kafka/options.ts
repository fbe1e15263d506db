import { type Clock, HeddleError, systemClock } from '@heddle/core'

export type Compression = 'none' | 'zstd' | 'lz4' | 'gzip' | 'snappy'

export type GroupProtocolName = 'auto' | 'consumer' | 'classic'

/** How this client proves who it is. A password or token can be a function, asked at each connection, so that it can change. */
export type KafkaSasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string | (() => string | Promise<string>)
    }
  | ({ readonly mechanism: 'OAUTHBEARER' } & KafkaOauth)

/**
 * Where the token of OAUTHBEARER comes from: a text or a function, a file that is kept fresh by others, or the token endpoint of
 * an authorization server, which is asked with the credentials of this client when the last token is near its end.
 */
export type KafkaOauth =
  | { readonly token: string | (() => string | Promise<string>) }
  | { readonly tokenFile: string }
  | {
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string
    }

/** PEM texts. `cert` and `key` are this client's own, for brokers that ask for them (mTLS). */
export interface KafkaTls {
  /** Default: the authorities that Node trusts. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** Name in the broker's certificate, where it is not the name that it is reached by. */
  readonly servername?: string
  /** `false` takes any certificate: for tests only. Default true. */
  readonly rejectUnauthorized?: boolean
}

export interface KafkaLogOptions {
  /** `host:port` of some brokers, one of which must be up to begin with; or all in one as `url`. Port 9092 where none is named. */
  readonly brokers?: readonly string[]
  /** `kafka://host:9092,host2:9092?compression=zstd&replicationFactor=3`, see `parseKafkaUrl`. */
  readonly url?: string
  /** What brokers log and count this client as. Default `heddle`. */
  readonly clientId?: string
  readonly sasl?: KafkaSasl
  /** `true` is TLS with the authorities that Node trusts. Default: none. */
  readonly tls?: KafkaTls | boolean
  /**
   * Folder of the local copies of keyed state, which `store` needs. It is kept between runs; what is missing is read from the log.
   * Processes of one machine may share it.
   */
  readonly statePath?: string
  /**
   * What a restore gathers in memory before it sorts and writes it, in bytes. Default 64 MiB: more is quicker for stores that are larger
   * than it.
   */
  readonly restoreBufferBytes?: number
  /**
   * Size of a segment of a store's changelog, in bytes: only what is not in the last one is compacted. Default 64 MiB, so that there is
   * never much more to restore than the live entries. Brokers take 1 MiB and more.
   */
  readonly changelogSegmentBytes?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Copies of each partition of topics that are created. Default: what the brokers are set to (`default.replication.factor`). */
  readonly replicationFactor?: number
  /** In how many copies an append must be before it counts. Default: what the brokers are set to (`min.insync.replicas`). */
  readonly minInsyncReplicas?: number
  /** Of the batches that are written. Default `none`; `zstd` halves what events in JSON take, and costs about a third of the rate. */
  readonly compression?: Compression
  /**
   * Topics whose events are written in the structured mode of CloudEvents (JSON with the attributes in it), for readers that know
   * no other. Default none: the binary mode (attributes in headers, data as it is) is smaller and quicker. Both are read anywhere.
   */
  readonly structured?: readonly string[]
  /** How long an append waits for others to share its batch, in ms. Default 0: those that came while the last one was under way. */
  readonly lingerMs?: number
  /** A batch takes appends until it has this many bytes, before compression. Default 512 KiB, half of what brokers allow. */
  readonly maxBatchBytes?: number
  /** Appends that wait take at most this many bytes; the next one waits for room. Default 64 MiB. */
  readonly maxBufferedBytes?: number
  /**
   * How long whatever is asked for is tried again while brokers cannot be reached or are changing leaders, in ms; then it
   * is HEDDLE_LOG_UNAVAILABLE. Default 30 s, enough for a broker that failed to be replaced.
   */
  readonly deliveryTimeoutMs?: number
  /** How long opening tries to reach a broker, in ms. Default: `deliveryTimeoutMs`. Less for who tries again by itself. */
  readonly openTimeoutMs?: number
  /** How long one broker may take to answer one request, in ms. Default 15 s. */
  readonly requestTimeoutMs?: number
  /** How long opening a connection may take, in ms. Default 5 s. */
  readonly connectTimeoutMs?: number
  /** After this long, in ms, what is known of topics and leaders is asked for again. Default 60 s. */
  readonly metadataMaxAgeMs?: number
  /**
   * A transaction that is not committed after this long is aborted by the brokers, in ms. Default 10 s, as a session: so long,
   * and until the brokers look (every 10 s), whoever takes over from a killed process waits for what that left open. Ours take
   * milliseconds.
   */
  readonly transactionTimeoutMs?: number
  /**
   * How members of groups speak with the brokers. `consumer` is KIP-848 (Kafka 4), `classic` the protocol of before, which Kafka 4
   * knows too, also in one group with the other. Default `auto`: `consumer` where the brokers know it, else `classic`.
   */
  readonly groupProtocol?: GroupProtocolName
  /** How long `onRevoked` and `onAssigned` may take, in ms, before the group goes on without this member. Default 60 s. */
  readonly rebalanceTimeoutMs?: number
}

export interface Settings extends Required<
  Omit<KafkaLogOptions, 'url' | 'sasl' | 'tls' | 'statePath' | 'replicationFactor' | 'minInsyncReplicas'>
> {
  readonly sasl: KafkaSasl | undefined
  readonly tls: KafkaTls | undefined
  readonly statePath: string | undefined
  /** -1: the brokers' default. */
  readonly replicationFactor: number
  readonly minInsyncReplicas: number | undefined
}

/**
 * The options with their defaults.
 * @throws HEDDLE_CONFIG_INVALID
 */
export function settingsOf(options: KafkaLogOptions): Settings {
  const { url, ...rest } = options
  const { brokers = [], tls, ...named } = { ...(url === undefined ? {} : parseKafkaUrl(url)), ...given(rest) }
  if (brokers.length === 0) throw invalid('brokers', 'names no broker')
  const settings: Settings = {
    clientId: 'heddle',
    clock: systemClock,
    compression: 'none',
    structured: [],
    groupProtocol: 'auto',
    lingerMs: 0,
    maxBatchBytes: 512 * 1024,
    maxBufferedBytes: 64 * 2 ** 20,
    restoreBufferBytes: 64 * 2 ** 20,
    changelogSegmentBytes: 64 * 2 ** 20,
    deliveryTimeoutMs: 30_000,
    openTimeoutMs: named.deliveryTimeoutMs ?? 30_000,
    requestTimeoutMs: 15_000,
    connectTimeoutMs: 5_000,
    metadataMaxAgeMs: 60_000,
    transactionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    replicationFactor: -1,
    minInsyncReplicas: undefined,
    statePath: undefined,
    sasl: undefined,
    ...named,
    brokers: brokers.map(withPort),
    tls: tls === true ? {} : tls === false ? undefined : tls,
  }
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
    const value = settings[name]
    if (value === undefined || (name === 'replicationFactor' && value === -1)) continue
    if (!Number.isSafeInteger(value) || value < numbers[name])
      throw invalid(name, `must be a whole number from ${numbers[name]}, and is ${value}`)
  }
  if (!compressions.includes(settings.compression))
    throw invalid('compression', `is one of ${compressions.join(', ')}, and not '${settings.compression}'`)
  if (!groupProtocols.includes(settings.groupProtocol))
    throw invalid(
      'groupProtocol',
      `is one of ${groupProtocols.join(', ')}, and not '${settings.groupProtocol}'`,
    )
  return settings
}

const compressions: readonly Compression[] = ['none', 'zstd', 'lz4', 'gzip', 'snappy']

const groupProtocols: readonly GroupProtocolName[] = ['auto', 'consumer', 'classic']

/** The settings that are whole numbers, and the least that each may be. */
const numbers = {
  replicationFactor: 1,
  minInsyncReplicas: 1,
  lingerMs: 0,
  maxBatchBytes: 1024,
  maxBufferedBytes: 1024,
  restoreBufferBytes: 1024,
  changelogSegmentBytes: 2 ** 20,
  deliveryTimeoutMs: 1,
  openTimeoutMs: 1,
  requestTimeoutMs: 1,
  connectTimeoutMs: 1,
  metadataMaxAgeMs: 1,
  transactionTimeoutMs: 1,
  rebalanceTimeoutMs: 1,
} as const satisfies Partial<Record<keyof Settings, number>>

const texts = ['clientId', 'statePath', 'compression', 'groupProtocol'] as const

/**
 * Options from an address, so that one line of configuration chooses the log.
 *
 * ```
 * url       = scheme "://" [user ":" password "@"] broker *("," broker) ["?" option *("&" option)]
 * scheme    = "kafka" / "kafka+ssl"                     ; kafka+ssl is TLS
 * broker    = host [":" port]
 * option    = name "=" value                            ; numbers and texts of KafkaLogOptions; mechanism; structured
 * mechanism = "PLAIN" / "SCRAM-SHA-256" / "SCRAM-SHA-512" ; with user and password; default SCRAM-SHA-512
 * ```
 *
 * Certificates, tokens and functions are not for addresses: give them as options beside it.
 *
 * @throws HEDDLE_CONFIG_INVALID
 * @example parseKafkaUrl('kafka+ssl://me:secret@a:9093,b:9093?compression=zstd')
 */
export function parseKafkaUrl(url: string): KafkaLogOptions {
  const parts = /^(kafka|kafka\+ssl):\/\/(?:([^:@/]+):([^@/]*)@)?([^/?#@]+)\/?(?:\?([^#]*))?$/.exec(url)
  // The address is not repeated in the message: there may be a password in it.
  if (parts === null) throw invalid('url', "is not 'kafka://host:9092,host2:9092?name=value'")
  const [, scheme, user, password, hosts, query] = parts
  const options: Record<string, unknown> = { brokers: hosts!.split(',').filter((host) => host !== '') }
  if (scheme === 'kafka+ssl') options['tls'] = true
  let mechanism = 'SCRAM-SHA-512'
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    if (name === 'mechanism') mechanism = value
    else if (name === 'structured') options[name] = value.split(',')
    else if (name in numbers) options[name] = Number(value)
    else if ((texts as readonly string[]).includes(name)) options[name] = value
    else
      throw invalid(
        'url',
        `has the option '${name}'; there are ${[...texts, 'mechanism', 'structured', ...Object.keys(numbers)].join(', ')}`,
      )
  }
  if (user !== undefined) {
    if (!/^(PLAIN|SCRAM-SHA-(256|512))$/.test(mechanism))
      throw invalid('url', `has the mechanism '${mechanism}'; there are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512`)
    options['sasl'] = {
      mechanism,
      username: decodeURIComponent(user),
      password: decodeURIComponent(password!),
    }
  }
  return options
}

function withPort(broker: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(broker)
  if (match === null || Number(match[2] ?? 1) > 65_535)
    throw invalid('brokers', `has '${broker}', which is not host:port`)
  return `${match[1]!}:${match[2] ?? '9092'}`
}

/** Without the fields that are undefined, so that they do not hide defaults. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function invalid(setting: string, what: string): HeddleError {
  return new HeddleError('HEDDLE_CONFIG_INVALID', `log: ${setting} ${what}`, { info: { setting } })
}
