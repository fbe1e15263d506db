import { readFile } from 'node:fs/promises'
import { HeddleError, errorMessage } from '@heddle/core'
import type { KafkaLogOptions, KafkaTls } from '@heddle/log/kafka'
import type { KafkaInput } from '../config/config.ts'

/**
 * What the configuration says of how Kafka is reached, with the texts of its certificates in place of their paths.
 * @throws HEDDLE_CONFIG_INVALID when a file cannot be read.
 */
export async function kafkaAccess({
  tls,
  sasl,
  structured,
}: KafkaInput): Promise<Pick<KafkaLogOptions, 'tls' | 'sasl' | 'structured'>> {
  return {
    ...(tls && { tls: await withTexts(tls) }),
    ...(sasl && { sasl }),
    ...(structured && { structured }),
  }
}

async function withTexts(tls: NonNullable<KafkaInput['tls']>): Promise<KafkaTls> {
  const [ca, cert, key] = await Promise.all([
    text('ca', tls.ca),
    text('cert', tls.cert),
    text('key', tls.key),
  ])
  return { ...tls, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

async function text(name: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new HeddleError('HEDDLE_CONFIG_INVALID', `kafka.tls.${name}: ${errorMessage(error)}`, {
      cause: error,
      info: { keys: [`kafka.tls.${name}`] },
    })
  }
}
