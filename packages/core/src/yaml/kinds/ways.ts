import type { CelPredicate } from '../../cel/cel.ts'
import { HeddleError } from '../../errors.ts'
import type { End } from '../../topology/end.ts'
import { otherwise } from '../../topology/step-options.ts'
import type { BranchText, branchFields } from '../branch.ts'
import { celText } from '../cel-text.ts'
import { type Shape, field, object, record, required, yes } from '../shape.ts'
import { type Flow, type StepKind, passing, stepKind } from '../step-kind.ts'
import { predicate } from './elements.ts'

const branchName = { name: /^[A-Za-z0-9][A-Za-z0-9._-]*$/, what: 'a name of a branch', least: 1 }

/** Steps after which elements go several ways. */
export const wayKinds = (
  fields: ReturnType<typeof branchFields>,
  branch: Shape<BranchText>,
): Readonly<Record<string, StepKind>> => ({
  route: stepKind({
    about:
      'Each element goes to the first branch whose condition is true for it. What matches none is dropped and counted.',
    shape: record(
      object(
        "a branch such as { when: event.type == 'push', to: pushes }",
        {
          when: field(celText('a condition in CEL'), 'The condition for this branch.'),
          otherwise: field(yes, 'This branch takes what no other took.'),
          ...fields,
        },
        { one: [['when', 'otherwise']] },
      ),
      branchName,
    ),
    example: `- route:
    large: { when: event.data.total >= 1000, to: orders.large }
    rest: { otherwise: true, to: orders.other }`,
    build(flow, branches, step) {
      const rest = [...branches].filter(([, { value }]) => value.otherwise)
      if (rest.length > 1)
        step.reader.mistake(rest[1]![1].node, 'there is a branch with otherwise before this one')
      const conditions: Readonly<Record<string, CelPredicate | typeof otherwise>> = Object.fromEntries(
        [...branches].map(([name, { value }]) => [
          name,
          value.when ? predicate(step, value.when, flow.scope) : otherwise,
        ]),
      )
      const ways = Object.fromEntries(
        [...branches].map(([name, { value, ...place }]) => [
          name,
          (stream: Flow['stream']) => step.branch({ ...flow, stream }, value, place),
        ]),
      )
      return flow.stream.route(conditions, ways, step.options)
    },
  }),
  recipientList: stepKind({
    about: 'Each element goes to those of the recipients that the expression names: a list of texts.',
    shape: object('an object with the expression (names) and the recipients (to)', {
      names: required(
        celText('a CEL expression that gives a list of texts'),
        'Which recipients get the element.',
      ),
      recipients: required(record(branch, branchName), 'The recipients by their names.'),
    }),
    example: `- recipientList:
    names: event.data.teams
    recipients:
      billing: { to: billing.orders }
      support: { to: support.orders }`,
    build(flow, { names, recipients }, step) {
      const chosen = step.compile(names, flow.scope, 'list').evaluate as (value: unknown) => string[]
      const known = new Set(recipients.keys())
      const choose = (value: unknown): string[] => {
        const found = chosen(value)
        const wrong = found.find((name) => !known.has(name))
        if (wrong === undefined) return found
        throw new HeddleError(
          'HEDDLE_EXPRESSION_FAILED',
          `'${names.text}' gave '${wrong}', which is no recipient`,
        )
      }
      const ways: Record<string, (stream: Flow['stream']) => End> = {}
      for (const [name, { value, ...place }] of recipients)
        ways[name] = (stream) => step.branch({ ...flow, stream }, value, place)
      return flow.stream.recipientList<string>(choose, ways, step.options)
    },
  }),
  wireTap: stepKind({
    about: 'A copy of each element goes a way of its own; the flow goes on as if nothing was there.',
    shape: branch,
    example: '- wireTap: { to: audit }',
    build: (flow: Flow, tap, step) =>
      passing(
        flow,
        flow.stream.wireTap((stream) => step.branch({ ...flow, stream }, tap), step.options),
      ),
  }),
})
