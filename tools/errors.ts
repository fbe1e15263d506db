// Writes docs/reference/errors.md from the one table of errors in core, so that none goes undocumented.

import { errorTable } from '../packages/core/src/errors.ts'
import { generated } from './generated.ts'

const groupOf = (code: string): string => code.split('_')[1] ?? ''
const title = (group: string): string => group.charAt(0) + group.slice(1).toLowerCase()
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function section(
  group: string,
  rows: readonly (readonly [string, (typeof errorTable)[keyof typeof errorTable]])[],
): string {
  const lines = rows.map(
    ([code, { kind, status, message, todo }]) =>
      `| <a id="${code}"></a>\`${code}\` | ${kind} | ${status} | ${cell(message)} | ${cell(todo)} |`,
  )
  return `## ${title(group)}\n\n| code | kind | status | what happened | what to do |\n| --- | --- | --- | --- | --- |\n${lines.join('\n')}\n`
}

generated('docs/reference/errors.md', () => {
  const groups = Object.groupBy(Object.entries(errorTable), ([code]) => groupOf(code))
  const sections = Object.entries(groups).map(([group, rows]) => section(group, rows ?? []))
  return `# Errors

Every error that Heddle raises on purpose is a \`HeddleError\` with one of the codes below. A code keeps its meaning; its
message may become clearer. Over HTTP it is a problem document (RFC 9457) with the status shown.

The **kind** says what to do with the same call: \`retryable\`, try again later; \`terminal\`, give up on this input;
\`usage\`, correct the call, the topology or the configuration.

<!-- Made from errorTable in packages/core/src/errors.ts by tools/errors.ts; do not edit. -->

${sections.join('\n')}`
})
