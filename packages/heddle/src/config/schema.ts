import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { type Duration, type Size, bytes, errorMessage, milliseconds } from '@heddle/core'
import { z } from 'zod'
import { type HeddleConfig, type KafkaInput, isolations, logFormats, logLevels } from './config.ts'

/** A value with a unit, read by `read`; its mistakes become those of the schema. */
const unit = <Text extends string | number>(read: (value: Text) => number) =>
  z.union([z.string(), z.number()]).transform((value, context) => {
    try {
      return read(value as Text)
    } catch (error) {
      context.issues.push({ code: 'custom', message: errorMessage(error), input: value })
      return z.NEVER
    }
  })

const duration = unit<Duration>(milliseconds)
const size = unit<Size>(bytes)

/** `${NAME}` in a secret is replaced by that environment variable, so that a file under version control needs none. */
const secret = (env: NodeJS.ProcessEnv) =>
  z
    .string()
    .min(1)
    .transform((text, context) =>
      text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
        const value = env[name]
        if (value === undefined)
          context.issues.push({
            code: 'custom',
            message: `names the environment variable ${name}, which is not set`,
            input: text,
          })
        return value ?? ''
      }),
    )

const topic = z.strictObject({
  name: z.string().min(1),
  partitions: z.int().min(1).optional(),
  retention: z.union([z.string(), z.number()]).optional(),
  retentionBytes: z.union([z.string(), z.number()]).optional(),
  compaction: z.boolean().optional(),
  durability: z.enum(['fsync', 'os']).optional(),
})

/** More shares than this are more runs than any process should have. */
const shares = z.int().min(1).max(1000)

/** What stands for a name that is there only once. */
const randomInstance = 'random'

/** What stands for no port. */
const noPort = 'none'

/** What stands for no folder. */
const noBuffer = 'none'

const path = z.string().min(1)

const kafka = (env: NodeJS.ProcessEnv) =>
  z.strictObject({
    tls: z
      .strictObject({
        ca: path.optional(),
        cert: path.optional(),
        key: path.optional(),
        passphrase: secret(env).optional(),
        servername: z.string().min(1).optional(),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
        message: 'has one of cert and key, and needs both or none',
      })
      .optional(),
    sasl: z
      .union([
        z.strictObject({
          mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
          username: secret(env),
          password: secret(env),
        }),
        z.strictObject({ mechanism: z.literal('OAUTHBEARER'), tokenFile: path }),
        z.strictObject({
          mechanism: z.literal('OAUTHBEARER'),
          tokenUrl: z.url(),
          clientId: secret(env),
          clientSecret: secret(env),
          scope: z.string().min(1).optional(),
        }),
      ])
      .optional(),
    structured: z.array(z.string().min(1)).optional(),
  })

/** The schema; `env` is for secrets, and `folder` tells where the relative paths of a setting start. */
export const configSchema = (env: NodeJS.ProcessEnv, folder: (key: string) => string) =>
  z
    .strictObject({
      data: z.string().min(1),
      log: z.string().min(1),
      kafka: kafka(env),
      http: z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535), maxBody: size }),
      gateway: z.strictObject({
        publishTimeout: duration,
        buffer: z.strictObject({ path: z.string().min(1), maxBytes: size, maxAge: duration }),
      }),
      stomp: z.strictObject({
        port: z.union([z.literal(noPort), z.int().min(0).max(65_535)]),
        host: z.string().min(1),
        users: z.record(z.string().min(1), secret(env)),
        tls: z
          .strictObject({ cert: path.optional(), key: path.optional() })
          .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
            message: 'has one of cert and key, and needs both or none',
          }),
        partitions: shares,
      }),
      topologies: z.array(z.string().min(1)),
      topics: z.array(topic),
      webhooks: z.record(
        z.string().regex(/^[\w.-]+$/, 'must be a name of letters, digits, dots, dashes and underscores'),
        z
          .strictObject({
            topic: z.string().min(1),
            signature: z.enum(['github', 'standard-webhooks', 'none']),
            secret: secret(env).optional(),
          })
          .refine((hook) => hook.signature === 'none' || hook.secret !== undefined, {
            message: "is missing (or set signature to 'none')",
            path: ['secret'],
          }),
      ),
      push: z.strictObject({ allow: z.array(z.string().min(1)) }),
      drain: duration,
      keyPartitions: z.union([
        z.literal('auto'),
        shares,
        z.string().regex(/^\d+$/).transform(Number).pipe(shares),
      ]),
      instance: z
        .string()
        .regex(/^[\w.-]{1,100}$/, 'must be a name of letters, digits, dots, dashes and underscores'),
      standby: z.int().min(0).max(10),
      threads: z.strictObject({ isolation: z.enum(isolations), memory: size, hangTimeout: duration }),
      logging: z.strictObject({ level: z.enum(logLevels), format: z.enum(logFormats) }),
    })
    .refine(({ log, gateway }) => gateway.buffer.path === noBuffer || log !== 'embedded', {
      message: 'is for a log that can be away; the embedded one is in this process',
      path: ['gateway', 'buffer', 'path'],
    })
    .transform(
      ({ drain, instance, gateway, http: { maxBody, ...http }, stomp, threads, ...rest }): HeddleConfig => {
        const { path, maxBytes, maxAge } = gateway.buffer
        const config = {
          ...rest,
          data: resolve(folder('data'), rest.data),
          kafka: withPaths(rest.kafka as KafkaInput, folder('kafka')),
          topologies: rest.topologies.map((path) => resolve(folder('topologies'), path)),
          http: { ...http, maxBodyBytes: maxBody },
          stomp:
            stomp.port === noPort ? undefined : { ...stomp, tls: withFolder(stomp.tls, folder('stomp.tls')) },
          gateway: {
            publishTimeoutMs: gateway.publishTimeout,
            buffer:
              path === noBuffer
                ? undefined
                : { path: resolve(folder('gateway.buffer.path'), path), maxBytes, maxAgeMs: maxAge },
          },
          drainMs: drain,
          instance:
            instance === randomInstance
              ? `${hostname().replaceAll(/[^\w.-]/g, '-')}-${randomBytes(3).toString('hex')}`
              : instance,
          threads: {
            isolation: threads.isolation,
            memoryBytes: threads.memory,
            hangTimeoutMs: threads.hangTimeout,
          },
        }
        return config as HeddleConfig
      },
    )

const withFolder = ({ cert, key }: { cert?: string | undefined; key?: string | undefined }, folder: string) =>
  cert === undefined || key === undefined
    ? undefined
    : { cert: resolve(folder, cert), key: resolve(folder, key) }

/** With the paths of its files absolute. */
function withPaths({ tls, sasl, ...rest }: KafkaInput, folder: string): KafkaInput {
  const absolute = Object.entries(tls ?? {}).map(([name, value]) =>
    files.has(name) ? [name, resolve(folder, value)] : [name, value],
  )
  return {
    ...rest,
    ...(tls && { tls: Object.fromEntries(absolute) as NonNullable<KafkaInput['tls']> }),
    ...(sasl && {
      sasl: 'tokenFile' in sasl ? { ...sasl, tokenFile: resolve(folder, sasl.tokenFile) } : sasl,
    }),
  }
}

const files: ReadonlySet<string> = new Set(['ca', 'cert', 'key'])
