export * from './channels.ts'
export { EmbeddedLog, openEmbeddedLog } from './embedded-log.ts'
export type { EmbeddedLogOptions } from './options.ts'
