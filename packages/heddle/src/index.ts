/**
 * One import for all that a topology needs. It is light: the log, the gateway and the engine are loaded by `createFabric`.
 *
 * @module
 */
export * from '@heddle/core'
export {
  type ClaimFolderOptions,
  type FileSinkOptions,
  type HttpSinkOptions,
  claimFolder,
  file,
  http,
} from '@heddle/connectors'
export { type HeddleConfig, type HeddleConfigInput, defineConfig } from './config/config.ts'
export { type Fabric, type FabricOptions, createFabric } from './host/create-fabric.ts'
export { mermaid as drawMermaid } from './draw/mermaid.ts'
export { type TreeOptions, tree as drawTree } from './draw/tree.ts'
