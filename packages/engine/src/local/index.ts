export type {
  CommitMessage,
  DeadLetterMessage,
  DeliveryMessage,
  ErrorMessage,
  ShellMessage,
  SkippedMessage,
  StateMessage,
  TimeoutMessage,
} from './channels.ts'
export { localEngine } from './local-engine.ts'
export type { LocalEngineOptions } from './options.ts'
export { stateStores } from './plan-record.ts'
