import type { CelType } from '../../cel/types.ts'
import { HeddleError } from '../../errors.ts'
import { shell } from '../../topology/shell.ts'
import { celText } from '../cel-text.ts'
import { topicName } from '../output.ts'
import { elementType, valueScope } from '../scope.ts'
import { duration, field, list, object, record, required, size, text, wholeNumber } from '../shape.ts'
import { type StepKind, stepKind } from '../step-kind.ts'
import { compileTemplate, template } from '../template.ts'

const namesText = celText('a CEL expression that gives a list of texts')

const programOptions = {
  cwd: field(text(), 'Folder that it starts in. Default: that of this file.'),
  env: field(record(text(), { least: 1 }), 'Environment variables beside those of the host.'),
  tick: field(duration, 'It gets a tick this often. Default none.'),
  heartbeatTimeout: field(duration, 'Not heard of for this long, it is started again. Default 30s.'),
  startTimeout: field(duration, 'How long it may take to start. Default 60s.'),
  maxMessage: field(size, 'Largest message that it may send. Default 16mb.'),
  concurrency: field(wholeNumber(1), 'Elements that it may have at once. Default 100.'),
}

/** Steps that choose topics by what is in an element, ask others, or change elements in ways that they choose. */
export const talkKinds: Readonly<Record<string, StepKind>> = {
  toEach: stepKind({
    about:
      'Dynamic recipient list: each element goes to those of the topics whose names the expression gives.',
    shape: object('an object such as { topics: [a, b], names: event.data.teams }', {
      topics: required(list(topicName, { least: 1 }), 'The topics that there are.'),
      names: required(namesText, 'Which of them, in CEL.'),
    }),
    example: '- toEach: { topics: [billing, support], names: event.data.teams }',
    build(flow, { topics, names }, step) {
      const chosen = step.compile(names, flow.scope, 'list').evaluate as (value: unknown) => string[]
      return flow.stream.toEach(topics.map(step.sources.topic), chosen, step.options)
    },
  }),
  request: stepKind({
    about:
      'Request-reply: sends each element to a topic, and goes on with the reply to it: { request, reply }.',
    shape: object('an object such as { to: price.requests, replies: price.replies }', {
      to: required(topicName, 'Where requests go.'),
      replies: required(topicName, 'Where replies come from; they have the correlationid of the request.'),
      timeout: field(duration, 'Without a reply by then it goes on without one. Default 30s.'),
    }),
    example: `- request: { to: price.requests, replies: price.replies, timeout: 5s }
- map: { id: value.request.id, price: "has(value.reply) ? value.reply.data.price : 0" }`,
    build(flow, { to, replies, ...options }, step) {
      const { topic, scope } = step.sources
      const stream = flow.stream.request(topic(to), topic(replies), { ...step.options, ...options })
      return {
        stream,
        scope: valueScope({
          fields: { request: elementType(flow.scope), reply: elementType(scope(replies)) },
        }),
      }
    },
  }),
  through: stepKind({
    about:
      "A program in any language takes each element, and what it emits goes on; it speaks Storm's multilang protocol.",
    shape: object('an object such as { command: python3, args: [score.py] }', {
      command: required(text(), 'Found on the PATH of the host, or a path.'),
      args: field(list(text()), 'Its arguments.'),
      ...programOptions,
    }),
    example: `- map: event.data
- through: { command: python3, args: [score.py] }`,
    build(flow, { command, args = [], cwd, env, concurrency, ...options }, step) {
      const folder = step.sources.resolve(cwd ?? '.')
      const program = shell(command, args, {
        ...options,
        ...(folder !== undefined && { cwd: folder }),
        ...(env && { env: Object.fromEntries([...env].map(([name, { value }]) => [name, value])) }),
      })
      return {
        stream: flow.stream.through(program, {
          ...step.options,
          ...(concurrency !== undefined && { concurrency }),
        }),
        scope: valueScope('dyn'),
      }
    },
  }),
  normalise: stepKind({
    about: 'Elements of several shapes become one: a template for each, chosen by what the expression gives.',
    shape: object('an object such as { shapes: { order.placed: { id: event.data.id } } }', {
      of: field(celText('a CEL expression that gives a text'), 'Which shape it has. Default event.type.'),
      shapes: required(record(template, { least: 1 }), 'What becomes of each, by its name.'),
    }),
    example: `- normalise:
    shapes:
      order.placed: { id: event.data.id, total: event.data.total }
      OrderPlaced: { id: event.data.OrderId, total: event.data.Amount / 100 }`,
    build(flow, { of, shapes }, step) {
      const made = [...shapes].map(
        ([name, { value }]) => [name, compileTemplate(value, flow.scope, step.reader)] as const,
      )
      const by = of && (step.compile(of, flow.scope, 'string').evaluate as (value: unknown) => string)
      const stream = flow.stream.normalise(
        Object.fromEntries(made.map(([name, { evaluate }]) => [name, evaluate])),
        { ...step.options, ...(by && { of: by }) },
      )
      return {
        stream,
        scope: valueScope(
          made.length === 1 ? made[0]![1].type : sameFields(made.map(([, { type }]) => type)),
        ),
      }
    },
  }),
  routingSlip: stepKind({
    about: 'The expression names the steps that an element needs; each is a template of what it becomes.',
    shape: object('an object such as { slip: value.needs, steps: { gross: … } }', {
      slip: required(namesText, 'The steps, in CEL.'),
      steps: required(record(template, { least: 1 }), 'What becomes of an element in each.'),
    }),
    example: `- map: { total: event.data.total, needs: event.data.needs }
- routingSlip:
    slip: value.needs
    steps:
      tax: { total: value.total * 1.19, needs: value.needs }
      rounding: { total: int(value.total), needs: value.needs }`,
    build(flow, { slip, steps }, step) {
      const made = [...steps].map(
        ([name, { value }]) => [name, compileTemplate(value, flow.scope, step.reader).evaluate] as const,
      )
      const known = new Set(steps.keys())
      const names = step.compile(slip, flow.scope, 'list').evaluate as (value: unknown) => string[]
      const choose = (value: unknown): string[] => {
        const found = names(value)
        const wrong = found.find((name) => !known.has(name))
        if (wrong === undefined) return found
        throw new HeddleError('HEDDLE_EXPRESSION_FAILED', `'${slip.text}' gave '${wrong}', which is no step`)
      }
      return {
        stream: flow.stream.routingSlip<string>(choose, Object.fromEntries(made), step.options),
        scope: valueScope('dyn'),
      }
    },
  }),
  loop: stepKind({
    about: 'Makes the next element of an element, again and again until the condition is true for it.',
    shape: object('an object such as { next: { … }, until: value.rest == 0, rounds: 10 }', {
      next: required(template, 'The next element.'),
      until: required(celText('a condition in CEL'), 'It is done.'),
      rounds: required(wholeNumber(1), 'How often at most; an element that is not done by then fails.'),
    }),
    example: `- map: { n: event.data.n, halvings: 0 }
- loop: { next: { n: value.n / 2, halvings: value.halvings + 1 }, until: value.n < 1, rounds: 64 }`,
    build(flow, { next, until, rounds }, step) {
      const done = step.compile(until, flow.scope, 'bool').evaluate as (value: unknown) => boolean
      const { evaluate } = compileTemplate(next, flow.scope, step.reader)
      return {
        stream: flow.stream.loop(evaluate, { ...step.options, until: done, rounds }),
        scope: flow.scope,
      }
    },
  }),
}

/** What can be said of an element that has one of several types: that all their fields may be there. */
function sameFields(types: readonly CelType[]): CelType {
  const fields: Record<string, CelType> = {}
  for (const type of types) {
    if (typeof type === 'string' || 'list' in type) return 'dyn'
    for (const [name, inner] of Object.entries(type.fields))
      fields[name] = name in fields && fields[name] !== inner ? 'dyn' : inner
  }
  return { fields }
}
