import { resolve } from 'node:path'
import { mermaid } from '../../draw/mermaid.ts'
import { tree } from '../../draw/tree.ts'
import { loadTopologyFile } from '../../host/load-topologies.ts'
import { printJson } from '../output.ts'

/** `heddle graph`: draws the topologies of a file; `--json` prints their plans. */
export async function graph(
  file: string,
  { format, json = false }: { format: 'ascii' | 'mermaid'; json?: boolean },
): Promise<void> {
  const { topologies } = await loadTopologyFile(resolve(file))
  const plans = topologies.map((topology) => topology.plan)
  if (json) return printJson(plans.length === 1 ? plans[0] : plans)
  const draw =
    format === 'mermaid'
      ? mermaid
      : (plan: (typeof plans)[number]) => tree(plan, { width: process.stdout.columns || 120 })
  process.stdout.write(plans.map(draw).join('\n'))
}
