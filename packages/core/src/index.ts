export * from './cel/cel.ts'
export { type Expression, compileExpression, compilePredicate } from './cel/compile.ts'
export * from './errors.ts'
export * from './event/event.ts'
export * from './event/record.ts'
export * from './event/structured.ts'
export { type Mistake, checkPlan, didYouMean } from './plan/check.ts'
export * from './plan/plan.ts'
export * from './ports/clock.ts'
export * from './ports/engine.ts'
export * from './ports/guard.ts'
export * from './ports/log.ts'
export * from './ports/signal.ts'
export * from './ports/sink.ts'
export * from './ports/store.ts'
export * from './topology/builder.ts'
export * from './topology/component.ts'
export {
  type EnrichOptions,
  type End,
  type Failure,
  type FlowStart,
  type Key,
  type KeyedStream,
  type Predicate,
  type StepOptions,
  type Stream,
  type WindowedStream,
  otherwise,
} from './topology/flow.ts'
export type { BoltHandle, ComponentHandle, ComponentOptions, Graph, StreamHandle } from './topology/graph.ts'
export * from './topology/graph-ends.ts'
export type { TopologyOptions } from './topology/options.ts'
export * from './topology/retry.ts'
export * from './topology/topic.ts'
export * from './topology/topology.ts'
export * from './topology/window.ts'
export * from './units.ts'
