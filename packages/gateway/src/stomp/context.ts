import type { Clock, Principal } from '@heddle/core'
import type { Access } from '../http/access.ts'
import type { StompLimits } from './limits.ts'
import type { StompOptions } from './options.ts'
import type { Publisher } from './session/publisher.ts'
import type { Topics } from './session/topics.ts'

/** What all sessions of one server share. */
export interface ServerContext {
  readonly options: StompOptions
  readonly limits: StompLimits
  readonly clock: Clock
  readonly access: Access
  readonly topics: Topics
  readonly publisher: Publisher
  /** @throws HEDDLE_UNAUTHENTICATED */
  readonly login: (login: string | undefined, passcode: string | undefined) => Promise<Principal>
}
