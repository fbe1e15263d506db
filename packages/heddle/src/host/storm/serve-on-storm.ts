import { isTopology } from '@heddle/core'
import { serveComponent } from '@heddle/engine/storm/runtime'
import type { ComponentLog } from './component-log.ts'

/**
 * Runs a component on Storm: what the entry of each bundle calls.
 * @param load Loads the topology's file.
 */
export const serveOnStorm = (load: () => Promise<{ readonly default?: unknown }>): Promise<void> =>
  serveComponent({
    load: async () => {
      const exported: readonly unknown[] = [(await load()).default].flat()
      return exported.filter(isTopology)
    },
    async openLog(options, statePath) {
      const { openKafkaLog } = await import('@heddle/log/kafka')
      return openKafkaLog({ ...(options as ComponentLog), statePath })
    },
  })
