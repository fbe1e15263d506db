import { type Plan, type PlanComponent, defaultStream } from '@heddle/core'
import { describeComponent, describeGrouping } from './describe.ts'

/**
 * The plan as a Mermaid flow chart, as GitHub and most editors show it in Markdown.
 *
 * @example console.log(mermaid(topology.plan))
 */
export function mermaid(plan: Plan): string {
  const name = new Map(plan.components.map((component, index) => [component.id, `c${index}`]))
  const lines = ['flowchart LR']
  for (const component of plan.components) lines.push(`  ${name.get(component.id)}${shape(component)}`)
  for (const { id, inputs } of plan.components)
    for (const { from, stream, grouping } of inputs) {
      const label = [stream === defaultStream ? '' : stream, describeGrouping(grouping)]
        .filter(Boolean)
        .join(', ')
      lines.push(`  ${name.get(from)} -->${label === '' ? '' : `|${quote(label)}|`} ${name.get(id)}`)
    }
  return `${lines.join('\n')}\n`
}

/** Ways in and out have round ends, choices are diamonds, all else are boxes. */
function shape(component: PlanComponent): string {
  const { title, detail } = describeComponent(component)
  const text = quote(detail === '' ? title : `${title}<br/>${detail}`)
  if (component.kind === 'spout' || component.operator === 'to-topic' || component.operator === 'sink')
    return `([${text}])`
  return component.operator === 'route' || component.operator === 'recipientList' ? `{${text}}` : `[${text}]`
}

/** In quotes all characters are plain but `"`, which stands as an entity. */
const quote = (text: string): string => `"${text.replaceAll('&', '&amp;').replaceAll('"', '#quot;')}"`
