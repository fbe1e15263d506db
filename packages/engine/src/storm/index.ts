export { stormEngine } from './storm-engine.ts'
export type { StormEngineOptions } from './options.ts'
export type { BundleSource } from './bundle/bundle.ts'
