import { cel, topic, topology } from '@heddle/core'
import type { Report } from '../lib/figure.ts'

/** A topology of 100 components, half of them with an expression: built, and checked, for the first time in this process. */
export function building(report: Report): void {
  const began = performance.now()
  let stream = topology('hundred').from(topic<{ total: number }>('in'))
  for (let n = 0; n < 49; n++)
    stream = stream
      .filter(cel`event.data.total > ${n}`, { name: `filter-${n}` })
      .map((value) => value, { name: `map-${n}` })
  const { plan } = stream.to(topic('out'))
  const ours = performance.now() - began
  report({
    figure: `a topology of ${plan.components.length} components is built and checked`,
    unit: 'ms',
    ours,
    reference: 50,
    atMost: 1,
    conditions: { against: 'a bound', expressions: 49, time: 'the first in the process, nothing warm' },
  })
}
