/** Broker settings by their names in server.properties. */
export type Properties = Readonly<Record<string, string | number | boolean>>

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface BrokerPlace {
  /** From 1. */
  readonly broker: number
  readonly data: string
  /** The port of each node's controller listener, in the order of the nodes. */
  readonly controllers: readonly number[]
  /** Name and port of each of this broker's listeners. */
  readonly listeners: readonly (readonly [name: string, port: number])[]
  readonly security: Readonly<Record<string, SecurityProtocol>>
}

/** Few, since each costs files and time when a topic of Kafka's own is made on first use. Kafka's default: 50. */
const OWN_TOPIC_PARTITIONS = 8

/** The settings of one broker: replicated as far as there are brokers, quick to start and to notice a dead one. */
export function brokerProperties({
  broker,
  data,
  controllers,
  listeners,
  security,
}: BrokerPlace): Properties {
  const replicas = controllers.length
  const inSync = Math.max(1, replicas - 1)
  const address = ([name, port]: readonly [string, number]): string => `${name}://127.0.0.1:${port}`
  const protocols = Object.entries({ ...security, CONTROLLER: 'PLAINTEXT' })
  return {
    'node.id': broker,
    'process.roles': 'broker,controller',
    'controller.quorum.voters': controllers.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: [...listeners, ['CONTROLLER', controllers[broker - 1]!] as const].map(address).join(','),
    'advertised.listeners': listeners.map(address).join(','),
    'listener.security.protocol.map': protocols.map((pair) => pair.join(':')).join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,

    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': OWN_TOPIC_PARTITIONS,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': OWN_TOPIC_PARTITIONS,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': OWN_TOPIC_PARTITIONS,

    // A name that was misspelt is an error, not a new topic.
    'auto.create.topics.enable': false,
    // The first member of a classic group need not wait for others. Default: 3 s.
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker is fenced, and may register again, after this. Defaults: 9 s and 2 s.
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 500,
  }
}

/** As a .properties file has them; only backslashes and line ends need care in values. */
export function propertiesText(properties: Properties): string {
  const escape = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escape(String(value))}\n`)
    .join('')
}
