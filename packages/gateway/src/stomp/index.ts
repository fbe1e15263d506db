export { type StompLimits, defaultStompLimits } from './limits.ts'
export type { StompCredentials, StompLog, StompOptions } from './options.ts'
export { type StompListenOptions, type StompServer, createStompServer } from './server.ts'
