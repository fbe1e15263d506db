import type { Part } from './assemble.ts'
import type { Values } from './component.ts'
import { End } from './end.ts'
import { originOf } from './flow.ts'
import type { StreamHandle } from './graph.ts'
import type { TopologyOptions } from './options.ts'
import { type Step, local, partsOf, step } from './step.ts'
import { Stream } from './stream.ts'

/** The steps of a flow as parts of a graph, and the stream that it comes to, if it does not end. */
export function graphFlow(
  topology: string,
  options: TopologyOptions,
  id: string,
  { component, streamId }: StreamHandle<string, Values>,
  build: (stream: Stream<Values>) => Stream<unknown> | End,
): { readonly parts: readonly Part[]; readonly out: StreamHandle<'value', Values> | undefined } {
  // Stands for the component that is there already.
  const outside = step({
    name: component,
    named: true,
    kind: 'bolt',
    operator: 'outside',
    streams: { [streamId]: [] },
  })
  const begin = step({
    name: id,
    named: true,
    kind: 'bolt',
    operator: 'toValue',
    streams: { default: ['value'] },
    inputs: [local(outside, streamId)],
  })
  const made = build(new Stream<Values>(originOf(topology, options), [local(begin)], [], id))
  const { inputs, ends } = made as unknown as {
    readonly inputs?: Step['inputs']
    readonly ends: readonly Step[]
  }
  if (made instanceof End || inputs === undefined)
    return { parts: partsOf(ends).filter((part) => part.component.id !== component), out: undefined }
  if (inputs.length !== 1)
    throw new RangeError(`the flow '${id}' comes to a merge: end it in one step, such as .map(…)`)
  const { from, stream } = inputs[0]!
  const parts = partsOf([...ends, from]).filter((part) => part.component.id !== component)
  // What it comes to is the last of its steps; that it has to be taken is not asked of graphs.
  const last = parts.at(-1)!
  return {
    parts: [...parts.slice(0, -1), { ...last, open: last.open.filter((name) => name !== stream) }],
    out: { component: last.component.id, streamId: stream },
  }
}
