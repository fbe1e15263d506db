export type { ThreadEngineOptions } from './options.ts'
export { serveTopology } from './serve-topology.ts'
export { threadEngine } from './thread-engine.ts'
