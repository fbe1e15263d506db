export type {
  CommitMessage,
  DeadLetterMessage,
  DeliveryMessage,
  ErrorMessage,
  SkippedMessage,
  StateMessage,
  TimeoutMessage,
} from './channels.ts'
export { localEngine } from './local-engine.ts'
export type { LocalEngineOptions } from './options.ts'
