import type { Connector } from '@heddle/core'

/** The connectors that come with the house; each is loaded when a topology first needs it. */
export const ownConnectors: readonly Connector[] = [
  lazy('http', async () => (await import('@heddle/connectors/http')).httpConnector),
  lazy('file', async () => (await import('@heddle/connectors/file')).fileConnector),
]

function lazy(kind: string, load: () => Promise<Connector>): Connector {
  return {
    kind,
    openSink: async (config, context) => (await load()).openSink(config, context),
  }
}
