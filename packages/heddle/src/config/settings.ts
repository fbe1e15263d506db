/**
 * The table of all settings. The loader, the flags, `heddle doctor` and docs/reference/configuration.md are made from it.
 *
 * @module
 */

/** How the text of a flag or an environment variable is read. `list` is comma-separated, `json` is JSON. */
export type SettingForm = 'text' | 'number' | 'list' | 'json'

export interface Setting {
  /** Path in the configuration file. */
  readonly key: string
  readonly env: string
  /** Flag of `heddle up` and `heddle dev`, where there is one. */
  readonly flag?: string
  readonly form: SettingForm
  readonly default: unknown
  /** One sentence, and why the default is what it is. */
  readonly about: string
  /** Values are not shown. */
  readonly secret?: true
}

export const settings: readonly Setting[] = [
  {
    key: 'data',
    env: 'HEDDLE_DATA',
    flag: '--data <dir>',
    form: 'text',
    default: './heddle-data',
    about: 'Folder of the embedded log: topics, offsets and state. It is made when it is missing.',
  },
  {
    key: 'log',
    env: 'HEDDLE_LOG',
    flag: '--log <url>',
    form: 'text',
    default: 'embedded',
    about:
      '`embedded` keeps everything in `data`; `kafka://host:9092` is a Kafka cluster (docs/guides/kafka.md), with copies of state in `data`.',
  },
  {
    key: 'kafka',
    env: 'HEDDLE_KAFKA',
    form: 'json',
    default: {},
    secret: true,
    about:
      'How a log on Kafka is reached beside its address: `{ tls, sasl, structured }` (docs/guides/kafka.md). Certificates and tokens are files.',
  },
  {
    key: 'http.host',
    env: 'HEDDLE_HTTP_HOST',
    flag: '--host <address>',
    form: 'text',
    default: '127.0.0.1',
    about:
      'Address to listen on. Only this machine, until you say otherwise: nothing is authenticated by default.',
  },
  {
    key: 'http.port',
    env: 'HEDDLE_HTTP_PORT',
    flag: '--http <port>',
    form: 'number',
    default: 4333,
    about: 'Port of the gateway; 0 takes a free one. 4333 is HEDD on a telephone.',
  },
  {
    key: 'http.maxBody',
    env: 'HEDDLE_HTTP_MAX_BODY',
    form: 'text',
    default: '16mb',
    about: 'Largest request body, except of an NDJSON stream. Holds a batch of some thousand events.',
  },
  {
    key: 'gateway.publishTimeout',
    env: 'HEDDLE_PUBLISH_TIMEOUT',
    form: 'text',
    default: '5s',
    about:
      'How long a log that is elsewhere may take to answer the gateway. Then a publish is refused with 503 and Retry-After, or goes into the buffer. Half of the 10 s that GitHub gives a webhook.',
  },
  {
    key: 'gateway.buffer.path',
    env: 'HEDDLE_BUFFER',
    flag: '--buffer <dir>',
    form: 'text',
    default: 'none',
    about:
      'Folder for events that are published while the log is away: they are accepted with 202 when they are on disk, and brought to the log in order when it is back, each once. `none`: such events are refused. One process at a time uses it.',
  },
  {
    key: 'gateway.buffer.maxBytes',
    env: 'HEDDLE_BUFFER_MAX_BYTES',
    form: 'text',
    default: '1gb',
    about:
      'Bytes of events that may wait; more are refused with 503. Ten minutes of 1,700 events of 1 KB a second.',
  },
  {
    key: 'gateway.buffer.maxAge',
    env: 'HEDDLE_BUFFER_MAX_AGE',
    form: 'text',
    default: '1d',
    about:
      'When the oldest event of a topic has waited for this long, further ones are refused with 503: whoever publishes should know that nobody has had them for a day. What was accepted is kept.',
  },
  {
    key: 'stomp.port',
    env: 'HEDDLE_STOMP_PORT',
    flag: '--stomp <port>',
    form: 'number',
    default: 'none',
    about:
      'Port for STOMP clients (docs/guides/stomp.md); 61613 is what they expect, 0 takes a free one. They are served over WebSockets at `/stomp` of the gateway then, too. `none`: there is no STOMP.',
  },
  {
    key: 'stomp.host',
    env: 'HEDDLE_STOMP_HOST',
    form: 'text',
    default: '127.0.0.1',
    about: 'Address to listen on for STOMP. Only this machine, until you say otherwise.',
  },
  {
    key: 'stomp.users',
    env: 'HEDDLE_STOMP_USERS',
    form: 'json',
    default: {},
    secret: true,
    about:
      'Passcodes by login. Others are refused then; without any, everybody is let in, whatever they say, as ActiveMQ does by default.',
  },
  {
    key: 'stomp.tls',
    env: 'HEDDLE_STOMP_TLS',
    form: 'json',
    default: {},
    about: 'Certificate and key of the STOMP port as files: `{ cert, key }`. Without them it is plain TCP.',
  },
  {
    key: 'stomp.partitions',
    env: 'HEDDLE_STOMP_PARTITIONS',
    form: 'number',
    default: 1,
    about:
      'Partitions of the topics that are made for STOMP destinations. With 1 a queue keeps its order, as in ActiveMQ, and one process at a time gives it out; more are for several processes.',
  },
  {
    key: 'topologies',
    env: 'HEDDLE_TOPOLOGIES',
    form: 'list',
    default: [],
    about: 'Topology files, or folders of them. Arguments of `up` and `dev` replace it.',
  },
  {
    key: 'topics',
    env: 'HEDDLE_TOPICS',
    form: 'json',
    default: [],
    about: 'Topics that are made at the start if they are missing: `{ name, partitions, retention, … }`.',
  },
  {
    key: 'webhooks',
    env: 'HEDDLE_WEBHOOKS',
    form: 'json',
    default: {},
    secret: true,
    about: 'Webhooks by name: `{ topic, signature, secret }` makes `POST /webhooks/<name>`.',
  },
  {
    key: 'push.allow',
    env: 'HEDDLE_PUSH_ALLOW',
    flag: '--push-allow <networks>',
    form: 'list',
    default: [],
    about:
      'Networks that events may be pushed to though they are not public, such as `10.1.0.0/16` or `127.0.0.1`; `any` for all (docs/guides/webhooks-out.md). None: whoever may make a subscription shall not reach the network of the host with it.',
  },
  {
    key: 'keyPartitions',
    env: 'HEDDLE_KEY_PARTITIONS',
    form: 'text',
    default: 'auto',
    about:
      'How many shares the keys of a topology with state are cut into, for processes (and threads) to share. `auto`: on Kafka as many as its input topic with the most partitions has; on the embedded log 1, which is one process at a time and the fastest. It stays what it was when the topology first ran.',
  },
  {
    key: 'instance',
    env: 'HEDDLE_INSTANCE',
    form: 'text',
    default: 'random',
    about:
      'Name of this process among those that share topologies. One that comes again under its name takes its work up at once, without waiting for the session of the former to end. `random`: the name of the machine with something random behind it.',
  },
  {
    key: 'standby',
    env: 'HEDDLE_STANDBY',
    form: 'number',
    default: 0,
    about:
      'On Kafka: how many other processes keep a copy of each part of the state, so that one that takes it over has only the last moment to read. A copy takes disk, and reads all that is written to the state.',
  },
  {
    key: 'drain',
    env: 'HEDDLE_DRAIN',
    flag: '--drain <time>',
    form: 'text',
    default: '30s',
    about: 'How long a stop may take to finish what is under way; as Kubernetes waits before it kills.',
  },
  {
    key: 'threads.isolation',
    env: 'HEDDLE_ISOLATION',
    flag: '--isolation <kind>',
    form: 'text',
    default: 'thread',
    about:
      '`thread` runs each topology in threads of its own, so that one that loops or eats memory takes nothing else with it; `none` runs all in the thread of the gateway, which needs less memory.',
  },
  {
    key: 'threads.memory',
    env: 'HEDDLE_THREAD_MEMORY',
    form: 'text',
    default: '512mb',
    about:
      'Most memory of each thread of a topology; one that takes more is ended, and started again. A topology with full queues takes some 50 MB.',
  },
  {
    key: 'threads.hangTimeout',
    env: 'HEDDLE_HANG_TIMEOUT',
    form: 'text',
    default: '30s',
    about:
      'A thread that does nothing else for this long is stuck in a loop: it is ended, and started again. As the message timeout.',
  },
  {
    key: 'logging.level',
    env: 'HEDDLE_LOG_LEVEL',
    flag: '--log-level <level>',
    form: 'text',
    default: 'info',
    about: '`debug`, `info`, `warn`, `error` or `silent`. Logs go to stderr.',
  },
  {
    key: 'logging.format',
    env: 'HEDDLE_LOG_FORMAT',
    flag: '--log-format <format>',
    form: 'text',
    default: 'auto',
    about: '`json` (a line each), `pretty`, or `auto`: pretty on a terminal, else json.',
  },
]
